public import FoundationEssentials
public import Patterns
public import SwiftProtobuf

/// What is asked of a field's values, of one Swift type.
public protocol ValueRule: Sendable {
    associatedtype Value
    /// Whether a field without presence counts as not set.
    static func isDefault(_ value: Value) -> Bool
    /// What is wrong with a value; nil if nothing is.
    func problem(with value: Value) -> Problem?
}

/// What is wrong with a value.
public struct Problem: Sendable, Hashable {
    /// Which kind of rule is broken.
    public let kind: Violation.Kind
    /// What is asked for, as the end of a sentence whose subject is the field.
    public let description: String

    /// Names what is wrong.
    public init(_ kind: Violation.Kind, _ description: String) {
        (self.kind, self.description) = (kind, description)
    }
}

/// Bounds of a text.
public struct TextRule: ValueRule {
    /// In Unicode code points.
    let length: ClosedRange<Int>
    let pattern: Pattern?
    let format: TextFormat?

    /// A rule of the parts that are given.
    public init(length: ClosedRange<Int> = 0...Int.max, pattern: Pattern? = nil, format: TextFormat? = nil) {
        (self.length, self.pattern, self.format) = (length, pattern, format)
    }

    public static func isDefault(_ value: String) -> Bool { value.isEmpty }

    public func problem(with value: String) -> Problem? {
        guard lengthIsIn(value) else {
            return Problem(.length, "must have \(Violations.text(of: length, "character", "characters"))")
        }
        // Formats are bounded, so they are first to look at what may be long.
        if let format, !format.matches(value) { return Problem(.format, "must be \(format.description)") }
        if let pattern, !pattern.matches(value) {
            return Problem(.pattern, "must match the pattern \(pattern.source)")
        }
        return nil
    }

    /// Counts code points only where the number of bytes, which is known, does not decide.
    private func lengthIsIn(_ value: String) -> Bool {
        let bytes = value.utf8.count
        if bytes < length.lowerBound || bytes / 4 > length.upperBound { return false }
        if bytes <= length.upperBound, bytes / 4 >= length.lowerBound { return true }
        return length.contains(value.unicodeScalars.count)
    }
}

/// Bounds of bytes.
public struct BytesRule: ValueRule {
    let length: ClosedRange<Int>

    /// A rule of a length in bytes.
    public init(length: ClosedRange<Int> = 0...Int.max) { self.length = length }

    public static func isDefault(_ value: Data) -> Bool { value.isEmpty }

    public func problem(with value: Data) -> Problem? {
        length.contains(value.count)
            ? nil : Problem(.length, "must have \(Violations.text(of: length, "byte", "bytes"))")
    }
}

/// Bounds of an integer of any width.
public struct IntegerRule<Value: FixedWidthInteger & Sendable>: ValueRule {
    @usableFromInline let range: ClosedRange<Value>

    @inlinable
    public init(_ range: ClosedRange<Value> = Value.min...Value.max) { self.range = range }

    @inlinable
    public static func isDefault(_ value: Value) -> Bool { value == 0 }

    @inlinable
    public func problem(with value: Value) -> Problem? {
        range.contains(value) ? nil : Problem(.range, description)
    }

    @usableFromInline
    var description: String {
        if range.upperBound == Value.max { return "must be \(range.lowerBound) or more" }
        if range.lowerBound == Value.min { return "must be \(range.upperBound) or less" }
        return "must be between \(range.lowerBound) and \(range.upperBound)"
    }
}

/// Bounds of a floating-point number; NaN is within none.
public struct RealRule<Value: BinaryFloatingPoint & Sendable>: ValueRule {
    @usableFromInline let range: ClosedRange<Value>?

    @inlinable
    public init(_ range: ClosedRange<Value>? = nil) { self.range = range }

    @inlinable
    public static func isDefault(_ value: Value) -> Bool { value == 0 }

    @inlinable
    public func problem(with value: Value) -> Problem? {
        guard let range, !range.contains(value) else { return nil }
        return Problem(.range, "must be between \(range.lowerBound) and \(range.upperBound)")
    }
}

/// A truth value, which has no bounds.
public struct BoolRule: ValueRule {
    @inlinable public init() {}
    @inlinable public static func isDefault(_ value: Bool) -> Bool { !value }
    @inlinable public func problem(with value: Bool) -> Problem? { nil }
}

/// An enum, whose value has to be one that the contract names.
public struct EnumRule<Value: SwiftProtobuf.Enum & CaseIterable>: ValueRule {
    @inlinable public init() {}

    @inlinable
    public static func isDefault(_ value: Value) -> Bool { value.rawValue == 0 }

    @inlinable
    public func problem(with value: Value) -> Problem? {
        // Values that the contract does not name are kept as UNRECOGNIZED, which is no member of the cases.
        Value.allCases.contains(value) ? nil : Problem(.unknownValue, "must be a value that the contract names")
    }
}

/// Bounds of a duration; it also has to be a valid one.
public struct DurationRule: ValueRule {
    /// In nanoseconds.
    let range: ClosedRange<Int128>

    /// - Parameters: seconds and nanoseconds of the least and the greatest.
    public init(
        min: (seconds: Int64, nanos: Int32) = (-315_576_000_000, -999_999_999),
        max: (seconds: Int64, nanos: Int32) = (315_576_000_000, 999_999_999)
    ) {
        range = Self.nanoseconds(min.seconds, min.nanos)...Self.nanoseconds(max.seconds, max.nanos)
    }

    public static func isDefault(_ value: Google_Protobuf_Duration) -> Bool { value.seconds == 0 && value.nanos == 0 }

    public func problem(with value: Google_Protobuf_Duration) -> Problem? {
        let isValid =
            abs(Int64(value.nanos)) < 1_000_000_000
            && (value.seconds == 0 || value.nanos == 0 || (value.seconds < 0) == (value.nanos < 0))
        guard isValid else {
            return Problem(.format, "must be a duration: both parts of one sign, nanos below a second")
        }
        guard range.contains(Self.nanoseconds(value.seconds, value.nanos)) else {
            return Problem(.range, "must be between \(Self.text(range.lowerBound)) and \(Self.text(range.upperBound))")
        }
        return nil
    }

    private static func nanoseconds(_ seconds: Int64, _ nanos: Int32) -> Int128 {
        Int128(seconds) * 1_000_000_000 + Int128(nanos)
    }

    /// As JSON writes a duration: `1.5s`.
    private static func text(_ nanoseconds: Int128) -> String {
        let (seconds, rest) = nanoseconds.magnitude.quotientAndRemainder(dividingBy: 1_000_000_000)
        let sign = nanoseconds < 0 ? "-" : ""
        guard rest > 0 else { return "\(sign)\(seconds)s" }
        var digits = String(String(1_000_000_000 + rest).dropFirst())
        while digits.last == "0" { digits.removeLast() }
        return "\(sign)\(seconds).\(digits)s"
    }
}

/// A timestamp, which has to lie between the years 1 and 9999.
public struct TimestampRule: ValueRule {
    static let seconds: ClosedRange<Int64> = -62_135_596_800...253_402_300_799

    public init() {}

    public static func isDefault(_ value: Google_Protobuf_Timestamp) -> Bool { value.seconds == 0 && value.nanos == 0 }

    public func problem(with value: Google_Protobuf_Timestamp) -> Problem? {
        guard Self.seconds.contains(value.seconds), (0..<1_000_000_000).contains(value.nanos) else {
            return Problem(.format, "must be a time between the years 1 and 9999")
        }
        return nil
    }
}
