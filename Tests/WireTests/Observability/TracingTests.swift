import EchoProtos
import InMemoryTracing
import NIOCore
import Testing
import Tracing

@testable import Wire

/// The trace context of a call reaches the calls that are made for it.
@Suite(.timeLimit(.minutes(3))) struct TracingTests {
    static let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    /// What a server behind a server sees of the metadata that the first one got.
    private static func passedOn(_ metadata: Metadata) async throws -> String {
        let back = try await startServer(
            ScriptedEcho(onSay: { _, context in
                Echo_Echo("\(context.metadata("traceparent") ?? "none") \(context.metadata("tracestate") ?? "none")")
            }))
        let toBack = makeChannel(back.address.target)
        let front = try await startServer(
            ScriptedEcho(onSay: { request, _ in
                try await Echo_EchoService.Client(toBack).say(request)
            }))
        let toFront = makeChannel(front.address.target)
        let text = try await within {
            try await Echo_EchoService.Client(toFront).say(Echo_Echo(""), options: CallOptions(metadata: metadata)).text
        }
        await toFront.shutDown(grace: .zero)
        await toBack.shutDown(grace: .zero)
        await front.server.drain(grace: .zero)
        await back.server.drain(grace: .zero)
        return text
    }

    @Test func contextPassesThroughAProcessWithoutTracer() async throws {
        #expect(try await Self.passedOn(Metadata(["traceparent": Self.traceparent])) == "\(Self.traceparent) none")
        let both = Metadata(["traceparent": Self.traceparent, "tracestate": "a=b"])
        #expect(try await Self.passedOn(both) == "\(Self.traceparent) a=b")
        #expect(try await Self.passedOn(Metadata()) == "none none")
    }

    /// In a process of its own, whose tracer is the process's.
    @Test func callsBecomeSpans() async throws {
        await #expect(processExitsWith: .success) {
            let tracer = InMemoryTracer()
            InstrumentationSystem.bootstrap(tracer)
            let back = try await startServer(
                ScriptedEcho(onSay: { request, _ in
                    if request.text == "bad" { throw RPCError(code: .notFound, message: "bad") }
                    return request
                }))
            let channel = makeChannel(back.address.target)
            let client = Echo_EchoService.Client(channel)
            _ = try await within { try await client.say(Echo_Echo("good")) }
            _ = try await within { try await failure { try await client.say(Echo_Echo("bad")) } }
            #expect(await eventually { tracer.finishedSpans.count == 4 })
            let spans = tracer.finishedSpans
            let servers = spans.filter { $0.kind == .server }
            let clients = spans.filter { $0.kind == .client }
            #expect(servers.count == 2 && clients.count == 2)
            let names = Set(spans.map(\.operationName))
            #expect(names == ["echo.EchoService/Say"])
            let clientIDs = Set(clients.map(\.spanID))
            let parents = Set(servers.compactMap(\.parentSpanID))
            #expect(parents == clientIDs, "the context went over the wire")
            let codes = servers.map { "\($0.attributes["rpc.grpc.status_code"]?.toSpanAttribute() ?? "none")" }
            let both = codes.contains { $0.contains("(0)") } && codes.contains { $0.contains("(5)") }
            #expect(both, "\(codes)")
            await channel.shutDown(grace: .zero)
            await back.server.drain(grace: .zero)
        }
    }
}
