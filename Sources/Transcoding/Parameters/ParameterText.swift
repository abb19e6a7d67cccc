#if canImport(Glibc)
    internal import Glibc
#endif

/// Sets fields from the text of query and path parameters, in the forms that JSON strings have.
enum ParameterText {
    /// Zeros behind the copy, for whoever reads at its end.
    private static let padding = 16

    /// A copy that stays as long as the message.
    static func copy(_ text: String, _ arena: Arena) throws(TranscodingError) -> TextSlice {
        let count = text.utf8.count
        let start = unsafe try arena.allocate(count + padding).assumingMemoryBound(to: UInt8.self)
        unsafe memset(start, 0, count + padding)
        var text = text
        text.withUTF8 { bytes in
            if let source = bytes.baseAddress { unsafe memcpy(start, source, bytes.count) }
        }
        return unsafe TextSlice(start: start, count: count)
    }

    /// Reads a text into one value of a field: a scalar's place, or the message that a field or element holds.
    static func parse(
        _ text: TextSlice, _ field: UnsafePointer<FieldEntry>, to target: UnsafeMutableRawPointer, _ arena: Arena
    ) throws(TranscodingError) {
        switch unsafe field.pointee.kind {
        case .string: unsafe target.storeBytes(text.start, text.count)
        case .bytes:
            guard let count = unsafe Base64.decode(text.start, text.count, to: text.start) else {
                throw TranscodingError(.invalidValue, "\(text.excerpt) is not base64")
            }
            unsafe target.storeBytes(text.start, count)
        case .bool: unsafe target.storeBytes(of: UInt32(try ScalarText.boolean(text)), as: UInt32.self)
        case .enumeration:
            guard let type = unsafe field.pointee.enumeration,
                let bits = unsafe try ScalarText.enumeration(text, type, ignoresUnknown: false)
            else { return }
            unsafe target.storeBytes(of: UInt32(truncatingIfNeeded: bits), as: UInt32.self)
        case .message:
            guard let type = unsafe field.pointee.message else { return }
            unsafe try parseMessage(text, type, into: target, arena)
        case let kind:
            let bits = try ScalarText.number(text, kind)
            if kind.size == 4 {
                unsafe target.storeBytes(of: UInt32(truncatingIfNeeded: bits), as: UInt32.self)
            } else {
                unsafe target.storeBytes(of: bits, as: UInt64.self)
            }
        }
    }

    private static func parseMessage(
        _ text: TextSlice, _ type: UnsafePointer<MessageEntry>, into message: MessagePointer, _ arena: Arena
    ) throws(TranscodingError) {
        switch unsafe type.pointee.wellKnown {
        case .timestamp, .duration: unsafe try setTime(text, type, into: message)
        case .fieldMask:
            unsafe message.clear(type.pointee.fields)
            unsafe try FieldMaskText.parse(text, type.pointee.fields, into: message, arena) {
                () throws(TranscodingError) in
            }
        case .wrapper:
            let field = unsafe type.pointee.fields
            unsafe try parse(text, field, to: message + field.pointee.offset, arena)
            unsafe message.markSet(field)
        default:
            throw TranscodingError(
                .wrongType,
                unsafe "\(type.pointee.name.string) has no form as a single parameter; name a field inside it")
        }
    }
}
