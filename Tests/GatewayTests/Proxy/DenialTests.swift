import Foundation
import Gateway
import NIOCore
import Policy
import PolicyModel
import SwiftProtobuf
import Synchronization
import TestContractProtos
import Testing
import Wire
import WireProtos

/// Refusals of the guard that the audit log is to tell of: the service records them, and nothing else happens there.
@Suite struct DenialTests {
    private final class Denials: DenialRecorder {
        private let kept = Mutex<[Denial]>([])

        var all: [Denial] { kept.withLock { $0 } }

        func record(_ denial: Denial) async { kept.withLock { $0.append(denial) } }
    }

    private static let missing = RPCError(
        .permissionDenied, Datavault_Test_V1_Reason.bookUnknown, "the caller lacks the permission books.write",
        metadata: ["permission": "books.write"])

    private func run(
        _ configuration: EdgeConfiguration = .patient, digest: ContentDigest? = nil, upstreams: Upstreams? = nil,
        _ body: (EdgeBed, Denials) async throws -> Void
    ) async throws {
        let denials = Denials()
        try await EdgeBed.run(
            configuration, guard: OpenGuard(digest: digest, denial: Self.missing), upstreams: upstreams,
            denials: denials
        ) { try await body($0, denials) }
    }

    @Test(arguments: [#"{"book":{"name":"libraries/l/books/b"}}"#, "no JSON"])
    func recordsWhatIsRefusedOverREST(_ json: String) async throws {
        try await run { bed, denials in
            let client = try await bed.client()
            for number in 1...2 {
                let answer = try await client.request(RequestText.post("/api/v1/libraries/l/books", json))
                #expect(answer.status == 403, "\(answer.text)")
                #expect(answer.text.contains(#""permission":"books.write""#))
                #expect(denials.all.count == number)
            }
            let denial = try #require(denials.all.first)
            #expect(denial.action == "book.create")
            #expect(denial.error.code == .permissionDenied)
            #expect(denial.principal?.organization == OpenGuard.organization)
            #expect(denial.principal?.subject == OpenGuard.subject)
            #expect(bed.library.created.withLock { $0.isEmpty })
        }
    }

    /// Nothing of a body that will be refused is waited for.
    @Test func waitsForNoBody() async throws {
        try await run { bed, denials in
            let client = try await bed.client()
            try await client.send(
                "POST /api/v1/libraries/l/books HTTP/1.1\r\nhost: edge.test\r\ncontent-type: application/json\r\n"
                    + "content-length: 1000000\r\n\r\n{")
            let answer = try await client.response()
            #expect(answer.status == 403)
            #expect(denials.all.count == 1)
        }
    }

    @Test func recordsWhatIsRefusedOverGRPC() async throws {
        try await run { bed, denials in
            let channel = ClientChannel(.dns(host: "127.0.0.1", port: bed.port))
            let library = Datavault_Test_V1_LibraryService.Client(channel)
            do {
                _ = try await library.createBook(.with { $0.book.name = "libraries/l/books/b" })
                Issue.record("the call succeeded")
            } catch let error as RPCError {
                #expect(error.code == .permissionDenied)
                #expect(error.detail(Google_Rpc_ErrorInfo.self)?.metadata == ["permission": "books.write"])
            }
            #expect(denials.all.map(\.action) == ["book.create"])
            let books:
                ClientStreamingCall<Datavault_Test_V1_ImportBooksRequest, Datavault_Test_V1_ImportBooksResponse> =
                    try await channel.clientStreaming(Datavault_Test_V1_LibraryService.Methods.importBooks)
            await #expect(throws: RPCError.self) { _ = try await books.response() }
            #expect(denials.all.map(\.action) == ["book.create", "book.import"])
            #expect(bed.library.created.withLock { $0.isEmpty })
            await channel.shutDown(grace: .milliseconds(100))
        }
    }

    /// A signed request counts once, also if it is refused.
    @Test func confirmsWhatIsSigned() async throws {
        let digest = ContentDigest(algorithm: .sha256, value: [UInt8](repeating: 7, count: 32))
        try await run(digest: digest) { bed, denials in
            let client = try await bed.client()
            let answer = try await client.request(RequestText.post("/api/v1/libraries/l/books", "{}"))
            #expect(answer.status == 403)
            #expect(bed.guardian.counts.withLock { $0.confirmed } == 1)
            #expect(denials.all.count == 1)
        }
    }

    /// Who is refused is refused, whatever becomes of its record.
    @Test func refusesWithoutTheService() async throws {
        let nowhere = ClientChannel(.dns(host: "127.0.0.1", port: 1))
        try await run(upstreams: ["pipeline": { nowhere }]) { bed, denials in
            let client = try await bed.client()
            let answer = try await client.request(RequestText.post("/api/v1/libraries/l/books", "{}"))
            #expect(answer.status == 403, "\(answer.text)")
            #expect(denials.all.isEmpty)
        }
        await nowhere.shutDown(grace: .zero)
    }
}
