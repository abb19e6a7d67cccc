import NIOCore
import SwiftProtobuf
import TestContractProtos
import Testing
import Transcoding
import Wire

/// The whole way of a message of every kind of field: JSON, Transcoding, a generated client's bytes, a generated server,
/// and back.
@Suite(.timeLimit(.minutes(1))) struct KitchenSinkCallTests {
    struct Handler: Datavault_Test_V1_KitchenSinkService.Handler {
        func echo(
            _ request: Datavault_Test_V1_EchoRequest,
            context: ServerContext
        ) async throws -> Datavault_Test_V1_EchoResponse {
            .with { $0.sink = request.sink }
        }

        func collect(
            _ requests: RequestStream<Datavault_Test_V1_CollectRequest>,
            context: ServerContext
        ) async throws -> Datavault_Test_V1_CollectResponse {
            var response = Datavault_Test_V1_CollectResponse()
            for try await request in requests {
                response.sum += request.value
                response.count += 1
            }
            return response
        }

        func expand(
            _ request: Datavault_Test_V1_ExpandRequest,
            responses: ResponseWriter<Datavault_Test_V1_ExpandResponse>,
            context: ServerContext
        ) async throws {
            for index in 0..<request.count { try await responses.write(.with { $0.index = index }) }
        }

        func converse(
            _ requests: RequestStream<Datavault_Test_V1_ConverseRequest>,
            responses: ResponseWriter<Datavault_Test_V1_ConverseResponse>,
            context: ServerContext
        ) async throws {
            for try await request in requests { try await responses.write(.with { $0.text = "\(request.text)!" }) }
        }
    }

    private func withService<Result: Sendable>(
        _ body: (Datavault_Test_V1_KitchenSinkService.Client) async throws -> Result
    ) async throws -> Result {
        let server = Server(services: [Handler()])
        guard case .tcp(_, let port) = try await server.listen(.tcp(host: "127.0.0.1", port: 0)) else {
            fatalError("no TCP address")
        }
        let channel = ClientChannel(.addresses([ServerAddress(host: "127.0.0.1", port: port)]))
        let result: Swift.Result<Result, any Error>
        do {
            result = .success(try await body(Datavault_Test_V1_KitchenSinkService.Client(channel)))
        } catch {
            result = .failure(error)
        }
        await channel.shutDown(grace: .zero)
        await server.drain(grace: .zero)
        return try result.get()
    }

    @Test func jsonGoesThroughAServerAndBack() async throws {
        let json = #"""
            {"sink":{"doubleValue":-0,"floatValue":"NaN","int32Value":-1,"int64Value":"-9223372036854775808","uint64Value":\#
            "18446744073709551615","boolValue":true,"stringValue":"a\u0000b \ud83d\ude00","bytesValue":"AP8="}}
            """#
        let transcoder = Shared.transcoder
        let (request, response) = (try transcoder.type("EchoRequest"), try transcoder.type("EchoResponse"))
        let sent = try transcoder.protobuf(fromJSON: Array(json.utf8), as: request)
        let reply = try await withService { client in
            try await client.channel.unaryBytes(Datavault_Test_V1_KitchenSinkService.Methods.echo, sent).message
        }
        let echoed = try Datavault_Test_V1_EchoResponse(serializedBytes: reply).sink
        #expect(echoed.int64Value == .min && echoed.uint64Value == .max && echoed.stringValue == "a\0b 😀")
        #expect(echoed.floatValue.isNaN && echoed.doubleValue.sign == .minus && Array(echoed.bytesValue) == [0, 255])
        let text = String(decoding: try transcoder.json(fromProtobuf: reply, as: response), as: UTF8.self)
        let again = try transcoder.protobuf(fromJSON: Array(text.utf8), as: request)
        #expect(again == sent, "what came back says the same: \(text)")
    }

    @Test func everyKindOfCallAnswers() async throws {
        try await withService { client in
            let collecting = try await client.collect()
            for value in 1...4 { try await collecting.send(.with { $0.value = Int64(value) }) }
            let collected = try await collecting.finish()
            #expect(collected.sum == 10 && collected.count == 4)

            var indices: [Int32] = []
            for try await response in try await client.expand(.with { $0.count = 5 }) { indices.append(response.index) }
            #expect(indices == [0, 1, 2, 3, 4])

            let talk = try await client.converse()
            var answers = talk.responses.makeAsyncIterator()
            for text in ["hello", "you"] {
                try await talk.send(.with { $0.text = text })
                #expect(try await answers.next()?.text == "\(text)!")
            }
            try await talk.finishSending()
            #expect(try await answers.next() == nil)
        }
    }
}
