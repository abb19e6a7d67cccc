import StoreTesting

@testable import Persistence

extension PostgresServer {
    /// Runs statements that belong to no transaction, as the superuser.
    func execute(_ text: String, in database: String? = nil) async throws {
        let connection = PostgresConfiguration(connection: database ?? url)
        try await Task.detached {
            let connection = try PostgresConnection(connection, limits: StoreLimits())
            defer { connection.close() }
            try connection.script(text)
        }.value
    }
}
