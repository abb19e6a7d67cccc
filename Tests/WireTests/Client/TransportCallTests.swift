import Foundation
import InteropProtos
import NIOCore
import SwiftProtobuf
import Testing

@testable import Wire

/// The ways to reach a server: each must behave as the others do.
enum TestTransport: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case inProcess, tcp, unix, tls

    var testDescription: String { rawValue }

    /// Runs `body` with a channel to `service`, then ends both.
    func withChannel(
        _ service: any ServiceHandler,
        server changeServer: (inout ServerConfiguration) -> Void = { _ in },
        client changeClient: (inout ChannelConfiguration) -> Void = { _ in },
        _ body: @escaping @Sendable (ClientChannel) async throws -> Void
    ) async throws {
        var contexts: (server: TLSContext, client: TLSContext)?
        var address = ListenAddress.tcp(host: "127.0.0.1", port: 0)
        switch self {
        case .tls:
            let certificates = try TestCertificates.shared.get()
            contexts = (try certificates.server("server"), try certificates.client())
        case .unix: address = .unix(path: NSTemporaryDirectory() + "wire-\(UUID().uuidString.prefix(8)).sock")
        case .inProcess, .tcp: break
        }
        let server: Server
        let target: ChannelTarget
        if self == .inProcess {
            var configuration = ServerConfiguration()
            configuration.metricsPrefix = nil
            changeServer(&configuration)
            server = Server(services: [service], configuration: configuration)
            target = .inProcess(server)
        } else {
            let started = try await startServer(service, on: address, tls: contexts?.server, change: changeServer)
            server = started.server
            target = started.address.target
        }
        let channel = makeChannel(target, tls: contexts?.client, change: changeClient)
        let result = await Task { try await within { try await body(channel) } }.result
        await channel.shutDown(grace: .zero)
        await server.drain(grace: .zero)
        try result.get()
    }
}

/// Calls of all kinds over every transport.
@Suite(.timeLimit(.minutes(3))) struct TransportCallTests {
    typealias Client = Grpc_Testing_TestService.Client

    @Test(arguments: TestTransport.allCases) func unary(_ transport: TestTransport) async throws {
        try await transport.withChannel(PlainTestService()) { channel in
            let reply = try await Client(channel).unaryCall(.with { $0.responseSize = 1000 })
            #expect(reply.payload.body.count == 1000)
        }
    }

    @Test(arguments: TestTransport.allCases) func largeMessages(_ transport: TestTransport) async throws {
        try await transport.withChannel(PlainTestService()) { channel in
            let request = Grpc_Testing_SimpleRequest.with {
                $0.responseSize = 3_000_000
                $0.payload.body = Data(repeating: 7, count: 3_500_000)
            }
            let reply = try await Client(channel).unaryCall(request)
            #expect(reply.payload.body.count == 3_000_000)
        }
    }

    @Test(arguments: TestTransport.allCases) func tooLargeMessages(_ transport: TestTransport) async throws {
        try await transport.withChannel(PlainTestService()) { channel in
            let over = try await failure {
                try await Client(channel).unaryCall(.with { $0.payload.body = Data(count: 5_000_000) })
            }
            #expect(over.code == .resourceExhausted && over.origin == .peer)
            let reply = try await failure {
                try await Client(channel).unaryCall(.with { $0.responseSize = 5_000_000 })
            }
            #expect(reply.code == .resourceExhausted && reply.origin == .local)
            _ = try await Client(channel).emptyCall(Grpc_Testing_Empty())
        }
    }

    @Test(arguments: TestTransport.allCases) func serverStreaming(_ transport: TestTransport) async throws {
        try await transport.withChannel(PlainTestService()) { channel in
            let sizes: [Int32] = [1, 70_000, 0, 300_000]
            let stream = try await Client(channel).streamingOutputCall(.with { $0.sizes = sizes })
            var seen: [Int32] = []
            for try await reply in stream { seen.append(Int32(reply.payload.body.count)) }
            #expect(seen == sizes)
        }
    }

    @Test(arguments: TestTransport.allCases) func clientStreaming(_ transport: TestTransport) async throws {
        try await transport.withChannel(PlainTestService()) { channel in
            let call = try await Client(channel).streamingInputCall()
            for size in [1, 100_000, 20] { try await call.send(.with { $0.payload.body = Data(count: size) }) }
            #expect(try await call.finish().aggregatedPayloadSize == 100_021)
        }
    }

    @Test(arguments: TestTransport.allCases) func bidirectional(_ transport: TestTransport) async throws {
        try await transport.withChannel(PlainTestService()) { channel in
            let call = try await Client(channel).fullDuplexCall()
            var replies = call.responses.makeAsyncIterator()
            for size: Int32 in [3, 200_000, 5] {
                try await call.send(.with { $0.sizes = [size] })
                #expect(try await replies.next()?.payload.body.count == Int(size))
            }
            try await call.finishSending()
            #expect(try await replies.next() == nil)
        }
    }

    @Test(arguments: TestTransport.allCases) func metadata(_ transport: TestTransport) async throws {
        try await transport.withChannel(PlainTestService()) { channel in
            var options = CallOptions()
            options.metadata.add("x-text", "hello")
            options.metadata.add("x-text", "again")
            options.metadata.add("x-raw-bin", bytes: [0, 255, 10])
            let method = Grpc_Testing_TestService.Methods.emptyCall
            let reply: UnaryReply<Grpc_Testing_Empty> = try await channel.unaryReply(
                method, Grpc_Testing_Empty(), options: options)
            #expect(reply.headers.values("x-text") == [.text("hello"), .text("again")])
            #expect(reply.trailers[bytes: "x-raw-bin"] == [0, 255, 10])
            let stream = try await Client(channel).streamingOutputCall(.with { $0.sizes = [1] }, options: options)
            #expect(try await stream.headers()["x-text"] == "hello")
            for try await _ in stream {}
            #expect(await stream.trailers[bytes: "x-raw-bin"] == [0, 255, 10])
        }
    }

    @Test(arguments: TestTransport.allCases) func errors(_ transport: TestTransport) async throws {
        try await transport.withChannel(PlainTestService()) { channel in
            let status = Grpc_Testing_EchoStatus.with {
                $0.code = 9
                $0.message = "a \u{1F980} and a %"
            }
            let unary = try await failure { try await Client(channel).unaryCall(.with { $0.responseStatus = status }) }
            #expect(unary.code == .failedPrecondition && unary.message == status.message && unary.origin == .peer)
            #expect(unary.details.first.map(\.typeURL) == "type.googleapis.com/grpc.testing.Empty")
            let call = try await Client(channel).fullDuplexCall()
            try await call.send(
                .with {
                    $0.sizes = [1]
                    $0.responseStatus = status
                })
            var replies = call.responses.makeAsyncIterator()
            let late = try await failure { while try await replies.next() != nil {} }
            #expect(late.code == .failedPrecondition && late.message == status.message)
            let missing = try await failure { try await Client(channel).unimplementedCall(Grpc_Testing_Empty()) }
            #expect(missing.code == .unimplemented)
            let method = MethodDescriptor(service: "no.Service", name: "None", kind: .unary)
            let unknown = try await failure { try await channel.unaryBytes(method, []) }
            #expect(unknown.code == .unimplemented)
        }
    }

    @Test(arguments: TestTransport.allCases) func deadline(_ transport: TestTransport) async throws {
        let begun = Tally()
        let ended = Tally()
        try await transport.withChannel(HangingTestService(begun: begun, ended: ended)) { channel in
            let options = CallOptions(timeout: .milliseconds(500))
            let unary = try await failure {
                try await Client(channel).emptyCall(Grpc_Testing_Empty(), options: options)
            }
            #expect(unary.code == .deadlineExceeded)
            let stream = try await failure {
                for try await _ in try await Client(channel).streamingOutputCall(.init(), options: options) {}
            }
            #expect(stream.code == .deadlineExceeded)
            // Making the connection may have taken the first call's time.
            #expect(begun.value > 0)
            #expect(await eventually { ended.value == begun.value }, "\(ended.value) of \(begun.value) handlers heard")
        }
    }

    @Test(arguments: TestTransport.allCases) func cancellation(_ transport: TestTransport) async throws {
        let ended = Tally()
        let begun = Tally()
        try await transport.withChannel(HangingTestService(begun: begun, ended: ended)) { channel in
            let unary = Task { try await Client(channel).emptyCall(Grpc_Testing_Empty()) }
            let stream = Task {
                for try await _ in try await Client(channel).streamingOutputCall(.init()) {}
            }
            #expect(await eventually { begun.value == 2 })
            unary.cancel()
            stream.cancel()
            #expect(await unary.failureCode == .cancelled)
            #expect(await stream.failureCode == .cancelled)
            #expect(await eventually { ended.value == 2 }, "handlers hear of the cancellation")
        }
    }

    @Test(arguments: TestTransport.allCases) func droppedStreamEndsItsHandler(_ transport: TestTransport) async throws {
        let ended = Tally()
        let begun = Tally()
        try await transport.withChannel(HangingTestService(begun: begun, ended: ended)) { channel in
            var stream: ResponseStream? = try await Client(channel).streamingOutputCall(.init())
            _ = stream
            #expect(await eventually { begun.value == 1 })
            #expect(ended.value == 0)
            stream = nil
            #expect(await eventually { ended.value == 1 })
        }
    }

    @Test(arguments: TestTransport.allCases) func manyCallsAtOnce(_ transport: TestTransport) async throws {
        try await transport.withChannel(PlainTestService()) { channel in
            let total = try await withThrowingTaskGroup(of: Int.self) { group in
                for size: Int32 in 0..<300 {
                    group.addTask {
                        try await Client(channel).unaryCall(.with { $0.responseSize = size }).payload.body.count
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(total == 299 * 300 / 2)
        }
    }
}

extension Grpc_Testing_StreamingOutputCallRequest {
    /// The sizes of the replies asked for.
    var sizes: [Int32] {
        get { responseParameters.map(\.size) }
        set { responseParameters = newValue.map { size in .with { $0.size = size } } }
    }
}
