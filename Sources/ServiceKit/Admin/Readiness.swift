public import Logging
public import ServiceLifecycle
import Synchronization

/// Something that a role cannot serve without.
public struct ReadinessCheck: Sendable {
    /// What the report calls it, as `store`.
    public let name: String
    /// Throws while it is missing; the error's text says what is missing and what to do.
    public let check: @Sendable () async throws -> Void

    /// Names a check.
    public init(_ name: String, _ check: @escaping @Sendable () async throws -> Void) {
        (self.name, self.check) = (name, check)
    }
}

/// Whether a role can serve, and what it lacks: asked again and again, so that a role becomes ready by itself.
public final class Readiness: Service, Sendable {
    /// The state of one check.
    public struct Finding: Sendable, Equatable {
        /// The check.
        public let name: String
        /// Why it does not hold; nil if it does.
        public let problem: String?
    }

    /// When checks run.
    public struct Configuration: Sendable {
        /// Between two rounds.
        public var interval: Duration = .seconds(5)
        /// Between two rounds while something is missing.
        public var impatientInterval: Duration = .milliseconds(500)
        /// The longest that one check may take.
        public var timeout: Duration = .seconds(3)

        /// The defaults.
        public init() {}
    }

    private struct State {
        var findings: [Finding]
        var isReady = false
        var isEnding = false
    }

    private let checks: [ReadinessCheck]
    private let configuration: Configuration
    private let logger: Logger
    private let onChange: @Sendable (Bool) -> Void
    private let state: Mutex<State>

    /// Watches these checks; nothing is ready before the first round.
    ///
    /// - Parameter onChange: Called when the role becomes ready, and when it no longer is.
    public init(
        _ checks: [ReadinessCheck], configuration: Configuration = Configuration(),
        logger: Logger = Logger(label: "datavault.readiness"), onChange: @escaping @Sendable (Bool) -> Void = { _ in }
    ) {
        (self.checks, self.configuration, self.logger, self.onChange) = (checks, configuration, logger, onChange)
        state = Mutex(State(findings: checks.map { Finding(name: $0.name, problem: "not checked yet") }))
    }

    /// Whether everything was there in the last round.
    public var isReady: Bool { state.withLock { $0.isReady && !$0.isEnding } }

    /// The last round's findings.
    public var findings: [Finding] {
        state.withLock { $0.findings + ($0.isEnding ? [Finding(name: "shutdown", problem: "the role is ending")] : []) }
    }

    /// Says from now on that the role is not ready, whatever is there.
    public func end() {
        state.withLock { $0.isEnding = true }
    }

    /// Checks until its task is cancelled or the group shuts down.
    public func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            while !Task.isCancelled {
                await round()
                try? await Task.sleep(for: isReady ? configuration.interval : configuration.impatientInterval)
            }
        }
    }

    /// Runs each check once, all at the same time.
    public func round() async {
        let timeout = configuration.timeout
        let findings = await withTaskGroup(of: (Int, Finding).self) { group in
            for (index, check) in checks.enumerated() {
                group.addTask { (index, Finding(name: check.name, problem: await Self.problem(check, timeout))) }
            }
            var all: [(Int, Finding)] = []
            for await finding in group { all.append(finding) }
            return all.sorted { $0.0 < $1.0 }.map(\.1)
        }
        guard !Task.isCancelled else { return }
        let isReady = findings.allSatisfy { $0.problem == nil }
        let (before, wasReady) = state.withLock { state in
            defer { (state.findings, state.isReady) = (findings, isReady) }
            return (state.findings, state.isReady)
        }
        report(findings, since: before)
        guard isReady != wasReady else { return }
        logger.notice(isReady ? "ready" : "not ready")
        onChange(isReady)
    }

    private func report(_ findings: [Finding], since before: [Finding]) {
        for (finding, former) in zip(findings, before) where finding != former {
            if let problem = finding.problem {
                logger.warning("something is missing", metadata: ["check": "\(finding.name)", "problem": "\(problem)"])
            } else if former.problem != "not checked yet" {
                logger.notice("is back", metadata: ["check": "\(finding.name)"])
            }
        }
    }

    private static func problem(_ check: ReadinessCheck, _ timeout: Duration) async -> String? {
        await withTaskGroup(of: String?.self) { group in
            group.addTask {
                do {
                    try await check.check()
                    return nil
                } catch { return "\(error)" }
            }
            group.addTask {
                try? await Task.sleep(for: timeout)
                return "no answer within \(timeout.settingText)"
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
    }
}
