public import Logging
import NIOCore
public import ServiceKit
import Synchronization
import Wire

/// Where the edge writes one line for each request.
public enum AccessLog: Sendable {
    /// Nowhere.
    case none
    /// Through a logger, with metadata.
    case logger(Logger)
    /// As lines of JSON, many at a time, past all loggers: what a busy edge does.
    case lines(LogOutput)

    /// Where the loggers of the process write, without them where that can be.
    static var standard: AccessLog {
        if let output = LogOutput.ofProcess.withLock({ $0 }) { return .lines(output) }
        return .logger(Logger(label: "datavault.gateway.access"))
    }
}

/// The lines of one loop that wait to be written.
final class AccessLogBuffer {
    private let log: AccessLog
    private var lines: [UInt8] = []
    private var time = ""
    private var timeMilliseconds = 0

    /// Bytes that wait before they are written without waiting for the next look at the clock.
    private static let capacity = 32 * 1024

    init(_ log: AccessLog) { self.log = log }

    func write(_ exchange: Exchange, microseconds: Int) {
        switch log {
        case .none: return
        case .logger(let logger): logger.info("request", metadata: Self.metadata(exchange, microseconds))
        case .lines:
            append(exchange, microseconds)
            if lines.count >= Self.capacity { flush() }
        }
    }

    func flush() {
        guard case .lines(let output) = log, !lines.isEmpty else { return }
        // The output ends what it writes with a line's end of its own.
        lines.removeLast()
        output.write(lines)
        lines.removeAll(keepingCapacity: true)
    }

    private func append(_ exchange: Exchange, _ microseconds: Int) {
        let now = WallClock.milliseconds()
        if now != timeMilliseconds {
            timeMilliseconds = now
            time = WallClock.text(now)
        }
        lines.append(contentsOf: "{\"time\":\"".utf8)
        lines.append(contentsOf: time.utf8)
        lines.append(
            contentsOf: "\",\"level\":\"info\",\"logger\":\"datavault.gateway.access\",\"message\":\"request\"".utf8)
        text("method", exchange.method)
        text("route", exchange.label)
        number("status", exchange.status)
        number("us", microseconds)
        number("in", exchange.bytesIn)
        number("out", exchange.bytesOut)
        text("source", exchange.sourceAddress)
        if let organization = exchange.organization { text("organization", organization) }
        if let subject = exchange.subject { text("subject", subject) }
        if let reason = exchange.reason { text("reason", reason) }
        text("request_id", exchange.requestID)
        lines.append(contentsOf: "}\n".utf8)
    }

    private func name(_ name: StaticString) {
        lines.append(contentsOf: ",\"".utf8)
        unsafe lines.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        lines.append(contentsOf: "\":".utf8)
    }

    private func text(_ key: StaticString, _ value: String) {
        name(key)
        JSONText.append(value, to: &lines)
    }

    private func number(_ key: StaticString, _ value: Int) {
        name(key)
        lines.append(contentsOf: String(value).utf8)
    }

    private static func metadata(_ exchange: Exchange, _ microseconds: Int) -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            "method": "\(exchange.method)", "route": "\(exchange.label)", "status": "\(exchange.status)",
            "us": "\(microseconds)", "in": "\(exchange.bytesIn)", "out": "\(exchange.bytesOut)",
            "source": "\(exchange.sourceAddress)", "request_id": "\(exchange.requestID)",
        ]
        if let organization = exchange.organization { metadata["organization"] = "\(organization)" }
        if let subject = exchange.subject { metadata["subject"] = "\(subject)" }
        if let reason = exchange.reason { metadata["reason"] = "\(reason)" }
        return metadata
    }
}

extension Exchange {
    /// What logs and metrics call the request: its route, never its path, which may hold what is nobody's business.
    var label: String { route?.template.text ?? call?.descriptor.path ?? page ?? "unknown" }
}
