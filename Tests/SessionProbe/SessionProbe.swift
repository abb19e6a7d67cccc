import Crypto
import Foundation
import IdentityContract
import IdentityService
import NIOCore
import Persistence
import SwiftProtobuf
import Wire

/// A process of its own for tests that kill it: goes on with a session for ever.
///
///     session-probe sqlite|postgres ADDRESS KEY [TOKEN]
///
/// Without a token it logs in first. It prints each refresh token once its answer has come.
@main
struct SessionProbe {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 4, let key = Data(base64Encoded: arguments[3]) else {
            fatalError("usage: session-probe sqlite|postgres ADDRESS KEY [TOKEN]")
        }
        let store = try Store(arguments[1] == "sqlite" ? .sqlite(path: arguments[2]) : .postgres(arguments[2]))
        var options = LoneSessions.Options()
        options.isHashingInEarnest = false
        options.grace = .seconds(120)
        let sessions = LoneSessions(store: store, rootKey: SymmetricKey(data: key), options: options)
        let loops = EventLoops(threads: 1)
        let server = sessions.server(loops)
        let channel = ClientChannel(
            .inProcess(server, uriNames: ["spiffe://\(LoneSessions.trustDomain)/gateway"]), eventLoops: loops)
        let client = Datavault_Identity_V1_SessionsService.Client(channel)
        var token = arguments.count > 4 ? arguments[4] : ""
        if token.isEmpty {
            token = try await client.logIn(
                .with {
                    $0.email = "ada@example.com"
                    $0.password = "a lighthouse in the fog"
                }
            ).refreshToken
            note(token)
        }
        while true {
            let presented = token
            token = try await client.refreshSession(.with { $0.refreshToken = presented }).refreshToken
            note(token)
        }
    }

    private static func note(_ line: String) { FileHandle.standardOutput.write(Data("\(line)\n".utf8)) }
}
