import EchoProtos
import NIOCore
import Synchronization
import Testing

@testable import Wire

/// gRFC A6: which failures are tried again, when, and how often.
@Suite(.timeLimit(.minutes(3))) struct RetryPolicyTests {
    private var quick: RetryPolicy {
        var policy = RetryPolicy()
        policy.initialBackoff = .milliseconds(1)
        policy.maxBackoff = .milliseconds(5)
        return policy
    }

    /// Fails until attempt `successAt`, then echoes.
    private func flaky(_ attempts: Tally, successAt: Int, code: StatusCode = .unavailable) -> ScriptedEcho {
        ScriptedEcho(onSay: { request, _ in
            if attempts.add() < successAt { throw RPCError(code: code, message: "attempt") }
            return request
        })
    }

    private func call(
        _ service: ScriptedEcho, _ method: MethodDescriptor = idempotentSay,
        change: (inout CallOptions) -> Void = { _ in }
    ) async throws -> Echo_Echo {
        let (server, address) = try await startServer(service)
        let policy = quick
        let channel = makeChannel(address.target) { $0.retry = policy }
        var options = CallOptions()
        change(&options)
        let chosen = options
        let result = await Task {
            try await within { () -> Echo_Echo in
                try await channel.unary(method, Echo_Echo("x"), options: chosen)
            }
        }.result
        await channel.shutDown(grace: .zero)
        await server.drain(grace: .zero)
        return try result.get()
    }

    @Test func idempotentCallIsTriedAgain() async throws {
        let attempts = Tally()
        #expect(try await call(flaky(attempts, successAt: 3)).text == "x")
        #expect(attempts.value == 3)
    }

    @Test func otherCallIsNot() async throws {
        let attempts = Tally()
        let error = try await failure { try await call(flaky(attempts, successAt: 3), Echo_EchoService.Methods.say) }
        #expect(error.code == .unavailable && attempts.value == 1)
    }

    @Test func callMayAskForIt() async throws {
        let attempts = Tally()
        _ = try await call(flaky(attempts, successAt: 2), Echo_EchoService.Methods.say) { $0.retry = quick }
        #expect(attempts.value == 2)
    }

    @Test func attemptsEnd() async throws {
        let attempts = Tally()
        let error = try await failure { try await call(flaky(attempts, successAt: 100)) }
        #expect(error.code == .unavailable && attempts.value == 4)
    }

    @Test func otherCodesEndTheCall() async throws {
        let attempts = Tally()
        let error = try await failure { try await call(flaky(attempts, successAt: 3, code: .internal)) }
        #expect(error.code == .internal && attempts.value == 1)
    }

    @Test func callWhoseReplyBeganIsNotSentAgain() async throws {
        let attempts = Tally()
        let service = ScriptedEcho(onSay: { _, context in
            attempts.add()
            await context.sendHeaders()
            throw RPCError(code: .unavailable, message: "after the headers")
        })
        let error = try await failure { try await call(service) }
        #expect(error.message == "after the headers" && attempts.value == 1)
    }

    @Test func serverMaySayWhen() async throws {
        let attempts = Tally()
        let service = ScriptedEcho(onSay: { request, context in
            if attempts.add() > 1 { return request }
            context.responseTrailers.add("grpc-retry-pushback-ms", "300")
            throw RPCError(code: .unavailable, message: "later")
        })
        let start = ContinuousClock.now
        #expect(try await call(service).text == "x")
        #expect(attempts.value == 2)
        #expect(ContinuousClock.now - start >= .milliseconds(300))
    }

    @Test(arguments: ["-1", "never", "9223372036854775807", "86400001"]) func serverMaySayNo(pushback: String)
        async throws
    {
        let attempts = Tally()
        let service = ScriptedEcho(onSay: { _, context in
            attempts.add()
            context.responseTrailers.add("grpc-retry-pushback-ms", pushback)
            throw RPCError(code: .unavailable, message: "no more")
        })
        let error = try await failure { try await call(service) }
        #expect(error.message == "no more" && attempts.value == 1)
    }

    @Test func retriesStopWhileMostCallsFail() async throws {
        let attempts = Tally()
        let (server, address) = try await startServer(flaky(attempts, successAt: .max))
        let policy = quick
        let channel = makeChannel(address.target) { $0.retry = policy }
        try await within {
            for _ in 0..<30 {
                let error = try await failure { () -> Echo_Echo in
                    try await channel.unary(idempotentSay, Echo_Echo("x"))
                }
                #expect(error.code == .unavailable)
            }
        }
        // 100 tokens: at 50 there are no more retries, so 30 calls cannot have made 120 attempts.
        #expect(attempts.value > 30 && attempts.value < 75, "\(attempts.value) attempts")
        await channel.shutDown(grace: .zero)
        await server.drain(grace: .zero)
    }

    @Test func deadlineCoversAllAttempts() async throws {
        let attempts = Tally()
        let service = flaky(attempts, successAt: .max)
        let error = try await failure {
            try await call(service) { options in
                var slow = RetryPolicy()
                slow.maxAttempts = 1000
                slow.initialBackoff = .milliseconds(200)
                options.retry = slow
                options.timeout = .milliseconds(300)
            }
        }
        #expect(error.code == .unavailable || error.code == .deadlineExceeded)
        #expect(attempts.value < 100, "\(attempts.value) attempts")
    }

    @Test func serverStreamIsTriedAgainBeforeItsFirstMessage() async throws {
        let attempts = Tally()
        let (server, address) = try await startServer(
            ScriptedEcho(onStream: { request, responses, _ in
                if attempts.add() < 3 { throw RPCError(code: .unavailable, message: "attempt") }
                try await responses.write(Echo_Echo(request.text))
                throw RPCError(code: .unavailable, message: "after a message")
            }))
        let policy = quick
        let channel = makeChannel(address.target)
        let (texts, error) = try await within { () -> ([String], RPCError) in
            var options = CallOptions()
            options.retry = policy
            var texts: [String] = []
            let error = try await failure {
                let stream = try await Echo_EchoService.Client(channel).stream(
                    Echo_StreamReq("y", count: 1), options: options)
                for try await reply in stream { texts.append(reply.text) }
            }
            return (texts, error)
        }
        #expect(texts == ["y"] && error.message == "after a message" && attempts.value == 3)
        await channel.shutDown(grace: .zero)
        await server.drain(grace: .zero)
    }
}
