import ExampleContract
import Persistence
import Policy
import PolicyModel
import SwiftProtobuf
import Wire

typealias Entry = Datavault_Example_V1_Entry

/// The journal's calls.
struct JournalHandler: Datavault_Example_V1_JournalService.Handler {
    let journal: JournalStore

    private static let pageSize = 100

    func appendEntries(
        _ request: Datavault_Example_V1_AppendEntriesRequest, context: ServerContext
    ) async throws -> Datavault_Example_V1_AppendEntriesResponse {
        // Who sent them is what the certificate says, never what the message does.
        let source = CallScope.current?.caller.role.rawValue ?? ""
        let count = try await journal.append(request.entries, from: source)
        return .with { $0.newCount = Int32(count) }
    }

    func listEntries(
        _ request: Datavault_Example_V1_ListEntriesRequest, context: ServerContext
    ) async throws -> Datavault_Example_V1_ListEntriesResponse {
        let count = request.pageSize == 0 ? Self.pageSize : Int(request.pageSize)
        let entries = try await journal.entries(
            of: try CallOrganization.current(), after: request.afterSequence, count: count)
        return .with { $0.entries = entries }
    }
}
