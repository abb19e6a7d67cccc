package import SwiftProtobuf
import Synchronization
import Wire

/// Asks a first source, and a second where the first cannot be asked at all: a server without reflection.
package final class FallbackSource: SchemaSource {
    private let first: any SchemaSource
    private let second: @Sendable () throws -> any SchemaSource
    private let chosen = Mutex<(any SchemaSource)?>(nil)
    /// Why the first was of no use.
    private let refusal = Mutex<StatusCode?>(nil)

    package init(_ first: any SchemaSource, or second: @escaping @Sendable () throws -> any SchemaSource) {
        (self.first, self.second) = (first, second)
    }

    package var name: String {
        let name = chosen.withLock { $0 ?? first }.name
        guard let code = refusal.withLock({ $0 }) else { return name }
        return "\(name) (the server gives no reflection: \(code); --descriptor-set FILE names another)"
    }

    package func serviceNames() async throws -> [String] { try await ask { try await $0.serviceNames() } }

    package func files(defining symbol: String) async throws -> [Google_Protobuf_FileDescriptorProto]? {
        try await ask { try await $0.files(defining: symbol) }
    }

    private func ask<Answer>(_ question: (any SchemaSource) async throws -> Answer) async throws -> Answer {
        if let chosen = chosen.withLock({ $0 }) { return try await question(chosen) }
        do {
            let answer = try await question(first)
            chosen.withLock { $0 = first }
            return answer
        } catch let error as RPCError where error.origin == .peer && Self.isRefusal(error.code) {
            let other = try second()
            chosen.withLock { $0 = other }
            refusal.withLock { $0 = error.code }
            return try await question(other)
        }
    }

    /// The server has no reflection, or not for everyone.
    private static func isRefusal(_ code: StatusCode) -> Bool {
        code == .unimplemented || code == .permissionDenied || code == .unauthenticated
    }
}
