import Crypto
import Foundation
import Gateway
import NIOCore
import SwiftProtobuf
import Synchronization
import TestContractProtos
import Testing
import Wire
import WireProtos

/// `Content-Digest` (RFC 9530) of requests that nobody has signed: a body that was changed on its way is not taken.
@Suite struct ContentDigestTests {
    private static let book =
        #"{"title":"Emma","kind":"KIND_PAPERBACK","shelfMark":"7","authors":[{"fullName":"Jane Austen"}]}"#

    private static func sha256(_ body: [UInt8]) -> String {
        "sha-256=:\(Data(SHA256.hash(data: body)).base64EncodedString()):"
    }

    private static func sha512(_ body: [UInt8]) -> String {
        "sha-512=:\(Data(SHA512.hash(data: body)).base64EncodedString()):"
    }

    @Test func holdsBodiesToIt() async throws {
        let (right, wrong) = (Array(Self.book.utf8), [UInt8]("other".utf8))
        try await EdgeBed.run { bed in
            let client = try await bed.client()
            for (field, status, reason) in [
                (Self.sha256(right), 200, ""), (Self.sha512(right), 200, ""),
                (Self.sha256(wrong), 400, "DIGEST_MISMATCH"), (Self.sha512(wrong), 400, "DIGEST_MISMATCH"),
                // The strongest counts, and what nobody here knows does not.
                ("\(Self.sha256(wrong)), \(Self.sha512(right))", 200, ""),
                ("\(Self.sha256(right)), \(Self.sha512(wrong))", 400, "DIGEST_MISMATCH"),
                ("md5=:AAAA:", 200, ""), ("md5=:AAAA:, \(Self.sha256(wrong))", 400, "DIGEST_MISMATCH"),
                ("md5=:AAAA:\r\ncontent-digest: \(Self.sha256(wrong))", 400, "DIGEST_MISMATCH"),
                ("sha-256=:AAAA:", 400, "HEADER_INVALID"), ("sha-256=7", 400, "HEADER_INVALID"),
                ("sha-256=AAAA", 400, "HEADER_INVALID"), (")", 400, "HEADER_INVALID"),
            ] {
                let before = bed.library.created.withLock { $0.count }
                let answer = try await client.request(
                    RequestText.post("/api/v1/libraries/l/books", Self.book, "content-digest: \(field)"))
                #expect(answer.status == status, "\(field): \(answer.text)")
                if !reason.isEmpty {
                    #expect(answer.text.contains(reason) && answer.text.contains("content-digest"), "\(answer.text)")
                }
                #expect(bed.library.created.withLock { $0.count } == before + (status == 200 ? 1 : 0))
            }
        }
    }

    /// Also where there is no body, and where it is hashed on a thread of its own.
    @Test func holdsNoneAndLargeOnesToIt() async throws {
        var configuration = EdgeConfiguration.patient
        configuration.offloadBytes = 16
        try await EdgeBed.run(configuration) { bed in
            let client = try await bed.client()
            for (body, status) in [([], 200), ([1], 400)] as [([UInt8], Int)] {
                let answer = try await client.request(
                    RequestText.get("/api/v1/libraries/l/books/b", "content-digest: \(Self.sha256(body))"))
                #expect(answer.status == status, "\(answer.text)")
            }
            for (body, status) in [(Array(Self.book.utf8), 200), ([1], 400)] {
                let answer = try await client.request(
                    RequestText.post(
                        "/api/v1/libraries/l/books", Self.book, "content-digest: \(Self.sha512(body))"))
                #expect(answer.status == status, "\(answer.text)")
            }
        }
    }

    /// The service gets the pieces as they come, but learns of the end only if they fit.
    @Test(arguments: [true, false]) func holdsUploadsToIt(_ isRight: Bool) async throws {
        let body = (0..<500_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try await FileBed.run { bed in
            let client = try await bed.client()
            let head =
                "POST /api/v1/files/f:upload HTTP/1.1\r\nhost: a\r\ncontent-type: text/x-test\r\n"
                + "content-length: \(body.count)\r\ncontent-digest: \(Self.sha256(isRight ? body : [1]))\r\n\r\n"
            try await client.send(Array(head.utf8) + body)
            let answer = try await client.response()
            #expect(answer.status == (isRight ? 200 : 400), "\(answer.text)")
            #expect(answer.text.contains(isRight ? #""size":"500000""# : "DIGEST_MISMATCH"))
            #expect(bed.service.uploads == (isRight ? 1 : 0))
        }
    }

    @Test(arguments: [true, false]) func holdsGRPCToIt(_ isRight: Bool) async throws {
        try await EdgeBed.run { bed in
            let channel = ClientChannel(.dns(host: "127.0.0.1", port: bed.port))
            let request = Datavault_Test_V1_EchoRequest.with { $0.sink.stringValue = "x" }
            let message = [UInt8](try request.serializedData())
            var options = CallOptions()
            options.metadata.add(
                "content-digest", Self.sha256([0, 0, 0, 0, UInt8(message.count)] + (isRight ? message : [])))
            let sinks = Datavault_Test_V1_KitchenSinkService.Client(channel)
            do {
                let reply = try await sinks.echo(request, options: options)
                #expect(isRight && reply.sink.stringValue == "x")
            } catch let error as RPCError {
                #expect(!isRight && error.code == .invalidArgument, "\(error)")
                #expect(error.detail(Google_Rpc_ErrorInfo.self)?.reason == "DIGEST_MISMATCH")
            }
            await channel.shutDown(grace: .milliseconds(100))
        }
    }
}
