import Synchronization
import Testing

@testable import ServiceKit

@Suite struct ReadinessTests {
    @Test func followsItsChecks() async {
        let problem = Mutex<String?>("away")
        let changes = Mutex<[Bool]>([])
        let readiness = Readiness(
            [
                ReadinessCheck("one") {},
                ReadinessCheck("two") { if let text = problem.withLock({ $0 }) { throw SuiteFailure(text) } },
            ], onChange: { isReady in changes.withLock { $0.append(isReady) } })
        #expect(!readiness.isReady)
        await readiness.round()
        #expect(!readiness.isReady)
        #expect(readiness.findings == [.init(name: "one", problem: nil), .init(name: "two", problem: "away")])
        problem.withLock { $0 = nil }
        await readiness.round()
        #expect(readiness.isReady)
        problem.withLock { $0 = "gone" }
        await readiness.round()
        #expect(!readiness.isReady)
        #expect(changes.withLock { $0 } == [true, false])
    }

    @Test func aCheckThatHangsIsGivenUp() async {
        var configuration = Readiness.Configuration()
        configuration.timeout = .milliseconds(20)
        let readiness = Readiness(
            [ReadinessCheck("slow") { try await Task.sleep(for: .seconds(60)) }], configuration: configuration)
        await readiness.round()
        #expect(readiness.findings.first?.problem == "no answer within 20ms")
    }

    @Test func theEndIsNotReady() async {
        let readiness = Readiness([])
        await readiness.round()
        #expect(readiness.isReady)
        readiness.end()
        #expect(!readiness.isReady)
        await readiness.round()
        #expect(!readiness.isReady)
        #expect(readiness.findings.last?.problem == "the role is ending")
    }
}
