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
    @safe @exclusivity(unchecked) private var lines = ByteBuffer()
    @safe @exclusivity(unchecked) private var time = ""
    @safe @exclusivity(unchecked) private var timeMilliseconds = 0

    /// Bytes that wait before they are written without waiting for the next look at the clock.
    private static let capacity = 32 * 1024

    init(_ log: AccessLog) { self.log = log }

    func write(_ exchange: ExchangeState, microseconds: Int) {
        switch log {
        case .none: return
        case .logger(let logger): logger.info("request", metadata: Self.metadata(exchange, microseconds))
        case .lines:
            append(exchange, microseconds)
            if lines.readableBytes >= Self.capacity { flush() }
        }
    }

    func flush() {
        guard case .lines(let output) = log, lines.readableBytes > 0 else { return }
        // The output ends what it writes with a line's end of its own.
        output.write(Array(lines.readableBytesView.dropLast()))
        lines.clear()
    }

    private func append(_ exchange: ExchangeState, _ microseconds: Int) {
        let now = WallClock.milliseconds()
        if now != timeMilliseconds {
            timeMilliseconds = now
            time = WallClock.text(now)
        }
        let (time, label) = (time, exchange.label)
        // What is constant, with four numbers; and each text with every byte escaped, which is six.
        let ofRequest =
            exchange.method.utf8.count + label.utf8.count + exchange.sourceAddress.utf8.count
            + exchange.requestID.utf8.count
        let ofCaller = (exchange.organization?.utf8.count ?? 0) + (exchange.subject?.utf8.count ?? 0)
        let size = 400 + time.utf8.count + 6 * (ofRequest + ofCaller + (exchange.reason?.utf8.count ?? 0))
        ByteWriter.append(size, to: &lines) { writer in
            writer.constant("{\"time\":\"")
            writer.text(time)
            writer.constant(
                "\",\"level\":\"info\",\"logger\":\"datavault.gateway.access\",\"message\":\"request\",\"method\":")
            writer.json(exchange.method)
            writer.constant(",\"route\":")
            writer.json(label)
            writer.constant(",\"status\":")
            writer.number(exchange.status)
            writer.constant(",\"us\":")
            writer.number(microseconds)
            writer.constant(",\"in\":")
            writer.number(exchange.bytesIn)
            writer.constant(",\"out\":")
            writer.number(exchange.bytesOut)
            writer.constant(",\"source\":")
            writer.json(exchange.sourceAddress)
            if let organization = exchange.organization {
                writer.constant(",\"organization\":")
                writer.json(organization)
            }
            if let subject = exchange.subject {
                writer.constant(",\"subject\":")
                writer.json(subject)
            }
            if let reason = exchange.reason {
                writer.constant(",\"reason\":")
                writer.json(reason)
            }
            writer.constant(",\"request_id\":")
            writer.quoted(exchange.requestID)
            writer.constant("}\n")
        }
    }

    private static func metadata(_ exchange: ExchangeState, _ microseconds: Int) -> Logger.Metadata {
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

extension ExchangeState {
    /// What logs and metrics call the request: its route, never its path, which may hold what is nobody's business.
    var label: String { route?.template.text ?? call?.descriptor.path ?? page ?? "unknown" }
}
