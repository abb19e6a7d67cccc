import EchoProtos
import Foundation
import NIOCore
import Testing

@testable import Wire

/// Calls while no server can be reached.
@Suite(.timeLimit(.minutes(3))) struct WaitForReadyTests {
    private var patient: CallOptions { CallOptions(waitForReady: true) }

    @Test func patientCallWaitsForItsServer() async throws {
        let path = NSTemporaryDirectory() + "wire-\(UUID().uuidString.prefix(8)).sock"
        let channel = makeChannel(.unix(path: path))
        let call = Task {
            try await within { try await Echo_EchoService.Client(channel).say(Echo_Echo("x"), options: patient) }
        }
        try await Task.sleep(for: .milliseconds(150))
        let (server, _) = try await startServer(on: .unix(path: path))
        #expect(try await call.value.text == "x")
        await channel.shutDown(grace: .zero)
        await server.drain(grace: .zero)
    }

    @Test func patientCallHasItsDeadline() async throws {
        let dead = try DeadPort()
        let channel = makeChannel(.addresses([dead.address]))
        var options = patient
        options.timeout = .milliseconds(100)
        let chosen = options
        let error = try await failure {
            try await within { try await Echo_EchoService.Client(channel).say(Echo_Echo("x"), options: chosen) }
        }
        #expect(error.code == .deadlineExceeded)
        await channel.shutDown(grace: .zero)
    }

    @Test func patientCallCanBeCancelled() async throws {
        let dead = try DeadPort()
        let channel = makeChannel(.addresses([dead.address]))
        let call = Task { try await Echo_EchoService.Client(channel).say(Echo_Echo("x"), options: patient) }
        try await Task.sleep(for: .milliseconds(50))
        call.cancel()
        let error = try await failure { try await within { try await call.value } }
        #expect(error.code == .cancelled)
        await channel.shutDown(grace: .zero)
    }

    @Test func shutDownEndsWaitingCalls() async throws {
        let dead = try DeadPort()
        let channel = makeChannel(.addresses([dead.address]))
        let call = Task { try await Echo_EchoService.Client(channel).say(Echo_Echo("x"), options: patient) }
        try await Task.sleep(for: .milliseconds(50))
        try await within { await channel.shutDown() }
        #expect(await call.failureCode == .unavailable)
        let later = try await failure {
            try await Echo_EchoService.Client(channel).say(Echo_Echo("x"), options: patient)
        }
        #expect(later.code == .unavailable && later.message.contains("shut down"))
    }
}
