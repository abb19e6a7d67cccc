import CProtobufC

/// Scalars from their text: what stands in a JSON string, and what a query or path parameter holds.
enum ScalarText {
    /// The bits of a whole number, or nil where the text is none of the kind's range.
    @inline(__always)
    static func integer(_ number: JSONNumber, _ kind: FieldKind) throws(TranscodingError) -> UInt64 {
        guard let magnitude = number.magnitude else {
            if number.exponent < 0 {
                throw TranscodingError(.invalidValue, "the number is not a whole one")
            }
            throw outOfRange(kind)
        }
        switch kind {
        case .int32, .sint32, .sfixed32, .enumeration:
            guard magnitude <= (number.isNegative ? 1 << 31 : (1 << 31) - 1) else { throw outOfRange(kind) }
        case .int64, .sint64, .sfixed64:
            guard magnitude <= (number.isNegative ? 1 << 63 : (1 << 63) - 1) else { throw outOfRange(kind) }
        case .uint32, .fixed32:
            guard magnitude <= (number.isNegative ? 0 : UInt64(UInt32.max)) else { throw outOfRange(kind) }
        default:
            guard !number.isNegative || magnitude == 0 else { throw outOfRange(kind) }
        }
        return number.isNegative ? 0 &- magnitude : magnitude
    }

    @inline(never)
    private static func outOfRange(_ kind: FieldKind) -> TranscodingError {
        TranscodingError(.outOfRange, "the number does not fit into \(kind == .enumeration ? "an enum" : "\(kind)")")
    }

    /// A floating-point number's bits.
    @inline(__always)
    static func floatingPoint(_ number: JSONNumber, _ kind: FieldKind) throws(TranscodingError) -> UInt64 {
        guard let value = number.double else {
            throw TranscodingError(.outOfRange, "the number does not fit into \(kind)")
        }
        if kind == .double { return value.bitPattern }
        // The shortest digits of the largest float lie above it, and round to it.
        let rounded = Float(value)
        guard rounded.isFinite else {
            throw TranscodingError(.outOfRange, "the number does not fit into a float")
        }
        return UInt64(rounded.bitPattern)
    }

    /// A number that fills a text.
    @inline(__always)
    static func number(_ text: TextSlice) -> JSONNumber? {
        guard text.count > 0, let number = unsafe JSONNumber(text.start), unsafe number.end == text.start + text.count
        else {
            return nil
        }
        return number
    }

    /// The bits of a number in a text: whole, or floating-point with NaN and the infinities.
    static func number(_ text: TextSlice, _ kind: FieldKind) throws(TranscodingError) -> UInt64 {
        if kind == .double || kind == .float {
            let special: Double? =
                text.equals("NaN")
                ? .nan : text.equals("Infinity") ? .infinity : text.equals("-Infinity") ? -.infinity : nil
            if let special {
                return kind == .double ? special.bitPattern : UInt64(Float(special).bitPattern)
            }
            guard let number = number(text) else {
                throw TranscodingError(.invalidValue, "\(text.excerpt) is no number")
            }
            return try floatingPoint(number, kind)
        }
        guard let number = number(text) else {
            throw TranscodingError(.invalidValue, "\(text.excerpt) is no number")
        }
        return try integer(number, kind)
    }

    static func boolean(_ text: TextSlice) throws(TranscodingError) -> UInt64 {
        if text.equals("true") { return 1 }
        if text.equals("false") { return 0 }
        throw TranscodingError(.invalidValue, "\(text.excerpt) is neither true nor false")
    }

    /// An enum's number by its name, or by the number as text; nil for a name that is to be ignored.
    static func enumeration(
        _ text: TextSlice, _ type: UnsafePointer<EnumEntry>, ignoresUnknown: Bool
    ) throws(TranscodingError) -> UInt64? {
        if let number = unsafe type.pointee.number(name: text.start, count: text.count) {
            return UInt64(truncatingIfNeeded: number)
        }
        if let number = number(text) { return unsafe try enumeration(number, type, ignoresUnknown: ignoresUnknown) }
        if ignoresUnknown { return nil }
        let name = unsafe String(cString: type.pointee.descriptor.pointee.name)
        throw TranscodingError(.unknownEnumValue, "\(name) has no value \(text.excerpt)")
    }

    /// An enum's number, which an open enum need not name.
    static func enumeration(
        _ number: JSONNumber, _ type: UnsafePointer<EnumEntry>, ignoresUnknown: Bool
    ) throws(TranscodingError) -> UInt64? {
        let bits = try integer(number, .enumeration)
        let value = Int32(truncatingIfNeeded: bits)
        if unsafe type.pointee.isClosed, unsafe type.pointee.value(number: value) == nil {
            if ignoresUnknown { return nil }
            let name = unsafe String(cString: type.pointee.descriptor.pointee.name)
            throw TranscodingError(.unknownEnumValue, "\(name) has no value \(value)")
        }
        return bits
    }
}
