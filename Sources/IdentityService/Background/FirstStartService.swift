import Foundation
import Logging
import ServiceKit
import ServiceLifecycle
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Runs the first start until it is done; the role is not ready before.
final class FirstStartService: Service, Sendable {
    private let start: FirstStart
    private let terminal: (@Sendable (String) -> Void)?
    /// Why it is not done yet; nil once it is.
    private let problem = Mutex<String?>("it is not known yet whether there is a first admin")

    /// Between two attempts.
    private static let pause = Duration.seconds(1)

    /// - Parameter terminal: Where a person can read what was made; nil if nobody looks.
    init(_ start: FirstStart, terminal: (@Sendable (String) -> Void)? = FirstStartService.standardOutput) {
        (self.start, self.terminal) = (start, terminal)
    }

    /// The terminal, if standard output is one: secrets do not go into a file or a collector of logs.
    static var standardOutput: (@Sendable (String) -> Void)? {
        guard isatty(STDOUT_FILENO) == 1 else { return nil }
        return { text in FileHandle.standardOutput.write(Data("\(text)\n".utf8)) }
    }

    var check: ReadinessCheck {
        ReadinessCheck("first start") { [self] in
            if let problem = problem.withLock({ $0 }) { throw FirstStartUnfinished(description: problem) }
        }
    }

    func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            while !Task.isCancelled {
                do {
                    if case .made(let admin) = try await start.perform() {
                        terminal?(Self.text(admin, start.file.path))
                    }
                    problem.withLock { $0 = nil }
                    break
                } catch {
                    problem.withLock { $0 = "the first admin could not be made: \(error)" }
                    start.logger.error("the first admin could not be made", metadata: ["error": "\(error)"])
                }
                try? await Task.sleep(for: Self.pause)
            }
        }
        // A service that returns ends the process.
        try? await gracefulShutdown()
    }

    private static func text(_ admin: FirstAdmin, _ path: String) -> String {
        var lines = ["The first admin was made, and \(path) holds this:", "  e-mail address  \(admin.email)"]
        if let password = admin.password { lines.append("  password        \(password)") }
        if let key = admin.key { lines.append("  API key         \(key)") }
        return lines.joined(separator: "\n")
    }
}

private struct FirstStartUnfinished: Error, CustomStringConvertible {
    let description: String
}
