import ArgumentParser
import CallTool
import Foundation
import Synchronization
import Wire

/// Prints replies on standard output, and what happens around them on standard error.
final class CallOutput: Sendable {
    private struct State {
        var start = ContinuousClock.now
        var isStream = false
        var count = 0
    }

    private let pretty: Bool?
    private let isVerbose: Bool
    private let state = Mutex(State())

    init(pretty: Bool?, isVerbose: Bool) { (self.pretty, self.isVerbose) = (pretty, isVerbose) }

    /// Prints text that is made of what a server says.
    func lines(_ lines: [String]) throws {
        let lines = lines.flatMap { $0.split(separator: "\n", omittingEmptySubsequences: false) }
        try write(Array(lines.map { FailureReport.printable(String($0)) + "\n" }.joined().utf8))
    }

    func start(_ path: String, isStream: Bool) {
        state.withLock { state in
            state.start = .now
            state.isStream = isStream
        }
        note("> \(path)")
    }

    func show(_ event: MethodCall.Event) throws {
        switch event {
        case .headers(let headers): note(headers, "<")
        case .message(let json):
            let isStream = state.withLock { state in
                state.count += 1
                return state.isStream
            }
            let isPretty = pretty ?? (!isStream && isatty(STDOUT_FILENO) != 0)
            try write((isPretty ? JSONIndenter.indent(json) : json) + [UInt8(ascii: "\n")])
        case .trailers(let trailers): note(trailers, "< trailer")
        }
    }

    func end(_ code: StatusCode, trailers: Metadata? = nil) {
        if let trailers { note(trailers, "< trailer") }
        let (elapsed, count) = state.withLock { (ContinuousClock.now - $0.start, $0.count) }
        let milliseconds = Double(elapsed.components.seconds) * 1e3 + Double(elapsed.components.attoseconds) / 1e15
        note("< \(code), \(count) message\(count == 1 ? "" : "s"), \(String(format: "%.1f", milliseconds)) ms")
    }

    private func note(_ metadata: Metadata, _ mark: String) {
        for (name, value) in metadata {
            switch value {
            case .text(let text): note("\(mark) \(name): \(text)")
            case .bytes(let bytes): note("\(mark) \(name): \(Data(bytes).base64EncodedString())")
            }
        }
    }

    private func note(_ line: String) {
        guard isVerbose else { return }
        try? FileHandle.standardError.write(contentsOf: Data("\(FailureReport.printable(line))\n".utf8))
    }

    /// Written at once: whoever reads a stream waits for each line.
    private func write(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Foundation.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                // As if SIGPIPE had not been switched off: who has seen enough, like head, is told of no failure.
                if errno == EPIPE { throw ExitCode(128 + SIGPIPE) }
                throw CallToolError(.call, "cannot write the reply: \(unsafe String(cString: strerror(errno)))")
            }
            rest = rest.dropFirst(count)
        }
    }
}
