import Foundation
public import Logging

/// Formats lines and hands them to the output.
public struct SuiteLogHandler: LogHandler {
    /// How lines look.
    public enum Style: Sendable { case json, console }

    public var metadata: Logger.Metadata = [:]
    public var logLevel: Logger.Level
    public var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let style: Style
    private let lineSize: Int
    private let mask: LogMask
    private let output: LogOutput

    /// Makes a handler for one logger.
    ///
    /// - Parameter lineSize: Bytes of the longest line.
    public init(
        label: String, level: Logger.Level, style: Style, lineSize: Int, mask: LogMask, output: LogOutput,
        metadataProvider: Logger.MetadataProvider? = nil
    ) {
        (self.label, logLevel, self.style, self.lineSize) = (label, level, style, lineSize)
        (self.mask, self.output, self.metadataProvider) = (mask, output, metadataProvider)
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { _, new in new } }
        if let given = event.metadata { all.merge(given) { _, new in new } }
        if let error = event.error { all["error"] = "\(error)" }
        let line =
            switch style {
            case .json: json(event, all)
            case .console: console(event, all)
            }
        output.write(line)
    }

    // MARK: JSON

    /// Members that every line has; metadata of the same name gets another one.
    private static let ownNames: Set<String> = ["time", "level", "logger", "message", "cut"]

    private func json(_ event: LogEvent, _ metadata: Logger.Metadata) -> [UInt8] {
        var line = JSONLine(limit: lineSize)
        line.open()
        line.field("time", LogTime.now())
        line.field("level", event.level.rawValue)
        line.field("logger", label)
        line.field("message", mask.masked(event.message.description))
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            line.name(Self.ownNames.contains(key) ? "\(key)_" : key)
            write(value, under: key, to: &line)
        }
        return line.closed()
    }

    private func write(_ value: Logger.Metadata.Value, under key: String, to line: inout JSONLine) {
        guard !SecretNames.contains(key) else { return line.text(SecretNames.hidden) }
        switch value {
        case .string(let text): line.text(mask.masked(text))
        case .stringConvertible(let value): line.text(mask.masked(value.description))
        case .array(let values):
            line.begin("[")
            for value in values {
                line.element()
                write(value, under: key, to: &line)
            }
            line.end("]")
        case .dictionary(let values):
            line.begin("{")
            for (key, value) in values.sorted(by: { $0.key < $1.key }) {
                line.name(key)
                write(value, under: key, to: &line)
            }
            line.end("}")
        }
    }

    // MARK: Console

    private func console(_ event: LogEvent, _ metadata: Logger.Metadata) -> [UInt8] {
        var text =
            "\(LogTime.now()) \(event.level.rawValue.uppercased()) \(label): \(mask.masked(event.message.description))"
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            text += " \(key)=\(shown(value, under: key))"
        }
        // A line stays one line, whatever it quotes.
        let flat = text.utf8.map { $0 < 0x20 || $0 == 0x7F ? UInt8(ascii: " ") : $0 }
        guard flat.count > lineSize else { return flat }
        return JSONLine.cut(flat, to: lineSize) + Array(" [cut]".utf8)
    }

    private func shown(_ value: Logger.Metadata.Value, under key: String) -> String {
        guard !SecretNames.contains(key) else { return SecretNames.hidden }
        return switch value {
        case .string(let text): mask.masked(text)
        case .stringConvertible(let value): mask.masked(value.description)
        case .array(let values): "[\(values.map { shown($0, under: key) }.joined(separator: ", "))]"
        case .dictionary(let values):
            "{\(values.sorted { $0.key < $1.key }.map { "\($0)=\(shown($1, under: $0))" }.joined(separator: ", "))}"
        }
    }
}

/// The time as RFC 3339 writes it, in UTC with milliseconds.
enum LogTime {
    static func now() -> String {
        let milliseconds = Int(Date().timeIntervalSince1970 * 1_000)
        return text(seconds: milliseconds / 1_000, milliseconds: milliseconds % 1_000)
    }

    static func text(seconds: Int, milliseconds: Int) -> String {
        var seconds = seconds
        var parts = unsafe tm()
        unsafe gmtime_r(&seconds, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let fraction =
            milliseconds < 10 ? "00\(milliseconds)" : milliseconds < 100 ? "0\(milliseconds)" : "\(milliseconds)"
        return unsafe "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))T"
            + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)).\(fraction)Z"
    }
}
