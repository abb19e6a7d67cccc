/// HTTP/2 frames made by hand, for tests that decide what is read in which burst.
enum RawFrames {
    /// The client's preface with empty SETTINGS.
    static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + frame(type: 4, flags: 0, stream: 0, [])

    static func frame(type: UInt8, flags: UInt8, stream: UInt32, _ payload: [UInt8]) -> [UInt8] {
        let length = [16, 8, 0].map { UInt8(truncatingIfNeeded: payload.count >> $0) }
        let id = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: stream >> UInt32($0)) }
        return length + [type, flags] + id + payload
    }

    /// A complete HEADERS frame whose fields, below 127 bytes each, are HPACK literals without indexing.
    static func headers(_ fields: KeyValuePairs<String, String>, stream: UInt32, endsStream: Bool = false) -> [UInt8] {
        var block: [UInt8] = []
        for (name, value) in fields {
            block += [0, UInt8(name.utf8.count)] + name.utf8 + [UInt8(value.utf8.count)] + value.utf8
        }
        return frame(type: 1, flags: endsStream ? 5 : 4, stream: stream, block)
    }

    /// The heads of `count` calls of a bidirectional method, left open.
    static func requests(_ count: Int) -> [UInt8] {
        (0..<count).flatMap { index in
            headers(
                [
                    ":method": "POST", ":scheme": "http", ":path": "/test.Kinds/Both", ":authority": "a",
                    "te": "trailers", "content-type": "application/grpc",
                ],
                stream: UInt32(index * 2 + 1)
            )
        }
    }
}
