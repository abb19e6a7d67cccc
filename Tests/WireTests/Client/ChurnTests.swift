import InteropProtos
import NIOCore
import Testing

@testable import Wire

/// Connections that end all the time fail no call.
@Suite(.timeLimit(.minutes(3))) struct ChurnTests {
    private static func callThroughout(_ pair: TestServer) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<4 {
                group.addTask {
                    for number in 0..<150 {
                        let text = "\(worker) \(number)"
                        #expect(try await pair.unary(text).message == text)
                        if number % 3 == 0 { try await Task.sleep(for: .milliseconds(5)) }
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test(arguments: [true, false]) func ofAge(_ isServers: Bool) async throws {
        try await withServer(
            threads: 2,
            configure: { if isServers { $0.http2.maxAge = .milliseconds(80) } },
            client: { if !isServers { $0.http2.maxAge = .milliseconds(80) } },
            router: addEchoes
        ) { pair in
            try await Self.callThroughout(pair)
        }
    }

    /// Calls come just when the connection has been idle for too long.
    @Test(arguments: [true, false]) func ofIdleness(_ isServers: Bool) async throws {
        try await withServer(
            configure: { if isServers { $0.http2.maxIdleTime = .milliseconds(60) } },
            client: { if !isServers { $0.http2.maxIdleTime = .milliseconds(60) } },
            router: addEchoes
        ) { pair async throws in
            for number in 0..<25 {
                #expect(try await pair.unary("\(number)").message == "\(number)")
                try await Task.sleep(for: .microseconds(52_000 + number * 600))
            }
        }
    }
}
