/// Protobuf messages around plain bytes, put together and taken apart by hand: they may be large, and there is nothing
/// in them to be turned into anything.
enum RawMessage {
    /// A message whose field at `body.path` is `bytes`, or an HttpBody of them.
    ///
    /// - Parameters:
    ///   - first: Fields before it: messages one behind the other are one message.
    ///   - contentType: For an HttpBody.
    static func encode(
        _ bytes: some Collection<UInt8>, contentType: String?, as body: Route.RawBody, after first: [UInt8] = []
    ) -> [UInt8] {
        var header: [UInt8] = []
        var size = bytes.count
        var numbers = body.path
        if body.isHTTPBody {
            if let contentType { appendLengthDelimited(1, Array(contentType.utf8), to: &header) }
            appendKey(2, length: bytes.count, to: &header)
            size += header.count
        } else {
            header = []
            let last = numbers.removeLast()
            appendKey(last, length: bytes.count, to: &header)
            size += header.count
        }
        // From the inside out, each message around what is there.
        for number in numbers.reversed() {
            var outer: [UInt8] = []
            appendKey(number, length: size, to: &outer)
            size += outer.count
            header = outer + header
        }
        var message = first
        message.reserveCapacity(first.count + size)
        message += header
        message += bytes
        return message
    }

    /// What a message says of a body: its bytes, and its media type where it is an HttpBody.
    ///
    /// - Returns: Nil if the bytes are no protobuf.
    static func decode(_ message: [UInt8], as body: Route.RawBody) -> (bytes: ArraySlice<UInt8>, contentType: String?)?
    {
        var current = message[...]
        for number in body.path {
            guard let field = find(number, in: current) else { return nil }
            current = field
        }
        guard body.isHTTPBody else { return (current, nil) }
        guard let type = find(1, in: current), let data = find(2, in: current) else { return nil }
        return (data, type.isEmpty ? nil : String(decoding: type, as: UTF8.self))
    }

    /// A field's bytes in what a message says of a body; nil if the bytes are no protobuf.
    static func field(_ number: Int, of message: [UInt8], as body: Route.RawBody) -> ArraySlice<UInt8>? {
        var current = message[...]
        for number in body.path {
            guard let field = find(number, in: current) else { return nil }
            current = field
        }
        return find(number, in: current)
    }

    /// A field's bytes in a message.
    static func field(_ number: Int, of message: ArraySlice<UInt8>) -> ArraySlice<UInt8>? { find(number, in: message) }

    private static func appendLengthDelimited(_ number: Int, _ bytes: [UInt8], to output: inout [UInt8]) {
        appendKey(number, length: bytes.count, to: &output)
        output += bytes
    }

    private static func appendKey(_ number: Int, length: Int, to output: inout [UInt8]) {
        appendVarint(UInt64(number) << 3 | 2, to: &output)
        appendVarint(UInt64(length), to: &output)
    }

    private static func appendVarint(_ value: UInt64, to output: inout [UInt8]) {
        var value = value
        while value >= 0x80 {
            output.append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        output.append(UInt8(value))
    }

    /// The last value of a length-delimited field, empty if it is not there; nil if the bytes are no protobuf.
    private static func find(_ number: Int, in message: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        var found = message[message.startIndex..<message.startIndex]
        var index = message.startIndex
        func varint() -> UInt64? {
            var (value, shift): (UInt64, UInt64) = (0, 0)
            while index < message.endIndex, shift < 64 {
                let byte = message[index]
                index += 1
                value |= UInt64(byte & 0x7F) << shift
                if byte & 0x80 == 0 { return value }
                shift += 7
            }
            return nil
        }
        while index < message.endIndex {
            guard let key = varint() else { return nil }
            var length = 0
            switch key & 7 {
            case 0:
                guard varint() != nil else { return nil }
                continue
            case 1: length = 8
            case 2:
                guard let size = varint(), let count = Int(exactly: size) else { return nil }
                length = count
            case 5: length = 4
            default: return nil
            }
            guard length <= message.endIndex - index else { return nil }
            if key & 7 == 2, key >> 3 == UInt64(number) { found = message[index..<(index + length)] }
            index += length
        }
        return found
    }
}
