/// Times and days as texts of RFC 3339, one by one.
enum RowTime {
    /// A day since 1970 as a `full-date`.
    static func text(days: Int32) -> String {
        var buffer = OutputBuffer(capacity: 64)
        buffer.putDate(days)
        return String(decoding: buffer.bytes, as: UTF8.self)
    }

    /// Microseconds since 1970 as a `date-time` in UTC.
    static func text(microseconds: Int64) -> String {
        var buffer = OutputBuffer(capacity: 64)
        buffer.putTimestamp(microseconds)
        return String(decoding: buffer.bytes, as: UTF8.self)
    }

    /// Days since 1970 of a `full-date`; nil for what the calendar lacks.
    static func days(_ text: String) -> Int32? {
        let bytes = Array(text.utf8)
        return CellText.date(bytes.span, 0, bytes.count)
    }

    /// Microseconds since 1970 of a `date-time`; digits beyond the sixth of a second are cut off.
    static func microseconds(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        return CellText.timestamp(bytes.span, 0, bytes.count, needsZone: true)
    }
}
