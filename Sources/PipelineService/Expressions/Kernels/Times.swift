internal import Foundation

extension Function {
    func timeParts(
        _ part: TimePart, _ arguments: [Register], _ context: KernelContext, _ status: inout StatusBuilder
    ) -> [Int64] {
        switch arguments[0].values {
        case .duration(let values):
            // Of a duration, the whole in this unit; milliseconds are those of its last second.
            return mapping(values, context.count) { value in
                switch part {
                case .hours: value / 3_600_000_000
                case .minutes: value / 60_000_000
                case .seconds: value / 1_000_000
                default: value / 1_000 % 1_000
                }
            }
        case .timestamp(let values):
            guard arguments.count > 1 else { return mapping(values, context.count) { timePart(part, $0) } }
            return zoned(part, arguments, values, context, &status)
        default: preconditionFailure("checked: argument of a part of time")
        }
    }

    private func zoned(
        _ part: TimePart, _ arguments: [Register], _ values: [Int64], _ context: KernelContext,
        _ status: inout StatusBuilder
    ) -> [Int64] {
        let names = arguments[1].texts
        var zones: [ArraySlice<UInt8>: Zone?] = [:]
        return (0..<context.count).map { row in
            guard status.isValue(row) else { return 0 }
            let name = names.bytes[names.extents[arguments[1].at(row)].range]
            if zones[name] == nil {
                if zones.count >= 64 { zones.removeAll() }
                zones[name] = .some(Zone(String(decoding: name, as: UTF8.self)))
            }
            guard case .some(.some(let zone)) = zones[name] else {
                status.fail(row, context.sites[.invalidTimeZone])
                return 0
            }
            let value = values[arguments[0].at(row)]
            return timePart(part, value + zone.offset(at: value))
        }
    }

    /// A part of the civil time of microseconds since 1970, by CEL's counting: months and days of the month and year from
    /// 0, `getDate` from 1, Sunday is 0.
    @inline(__always)
    private func timePart(_ part: TimePart, _ microseconds: Int64) -> Int64 {
        let day = floorDivide(microseconds, CivilTime.microsecondsPerDay)
        let time = microseconds - day * CivilTime.microsecondsPerDay
        switch part {
        case .year: return Int64(CivilTime.date(days: day).year)
        case .month: return Int64(CivilTime.date(days: day).month - 1)
        case .dayOfMonth: return Int64(CivilTime.date(days: day).day - 1)
        case .date: return Int64(CivilTime.date(days: day).day)
        // 1970-01-01 was a Thursday.
        case .dayOfWeek: return ((day + 4) % 7 + 7) % 7
        case .dayOfYear:
            let first = CivilTime.days(year: CivilTime.date(days: day).year, month: 1, day: 1) ?? 0
            return day - Int64(first)
        case .hours: return time / 3_600_000_000
        case .minutes: return time / 60_000_000 % 60
        case .seconds: return time / 1_000_000 % 60
        case .milliseconds: return time / 1_000 % 1_000
        }
    }
}

/// A time zone: an offset such as `+02:00`, or a name of the IANA's database.
enum Zone: Sendable {
    case fixed(Int64)
    case named(TimeZone)

    init?(_ name: String) {
        let bytes = Array(name.utf8)
        let digits =
            bytes.first == UInt8(ascii: "+") || bytes.first == UInt8(ascii: "-") ? bytes.dropFirst() : bytes[...]
        let parts = digits.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        if parts.count == 2, parts.allSatisfy({ $0.count == 2 && $0.allSatisfy { $0 &- UInt8(ascii: "0") <= 9 } }),
            let hours = Int64(String(decoding: parts[0], as: UTF8.self)),
            let minutes = Int64(String(decoding: parts[1], as: UTF8.self)), hours <= 23, minutes <= 59
        {
            let offset = (hours * 3_600 + minutes * 60) * 1_000_000
            self = .fixed(bytes.first == UInt8(ascii: "-") ? -offset : offset)
            return
        }
        guard name == "UTC" || name.contains("/") || name == "GMT", name.utf8.count <= 64, !name.contains(".."),
            let zone = TimeZone(identifier: name)
        else { return nil }
        self = .named(zone)
    }

    /// Microseconds ahead of UTC at a point in time.
    func offset(at microseconds: Int64) -> Int64 {
        switch self {
        case .fixed(let offset): offset
        case .named(let zone):
            Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(microseconds) / 1e6))) * 1_000_000
        }
    }
}
