import PolicyModel
import Wire

/// The header fields that the edge itself looks at, found in one pass, and what is wrong with them.
struct KnownHeaders {
    var contentType: String?
    var contentLength: Int?
    var contentEncoding: String?
    var contentDigest: String?
    var accept: String?
    var expect: String?
    var host: String?
    var origin: String?
    var idempotencyKey: String?
    var requestID: String?
    var traceparent: String?
    var tracestate: String?
    var grpcTimeout: String?
    var requestTimeout: String?
    var transferEncoding: String?
    var connection: String?
    var lastEventID: String?
    /// Bytes of all names and values.
    var size = 0

    /// Fields of which a second one is an error, and not a list.
    private mutating func take(
        _ field: WritableKeyPath<KnownHeaders, String?>, _ value: String, _ name: String
    ) throws(RPCError) {
        guard self[keyPath: field] == nil else { throw .malformed("there are several \(name) fields") }
        self[keyPath: field] = value
    }

    /// Takes a field in.
    ///
    /// - Parameter name: In lower case.
    mutating func add(_ name: String, _ value: String) throws(RPCError) {
        size += name.utf8.count + value.utf8.count
        // By length first: most fields are none of these.
        switch name.utf8.count {
        case 4: if name == "host" { try take(\.host, value, name) }
        case 6:
            if name == "accept" {
                accept = accept.map { "\($0), \(value)" } ?? value
            } else if name == "expect" {
                expect = value
            } else if name == "origin" {
                try take(\.origin, value, name)
            }
        case 10:
            if name == "connection" {
                connection = connection.map { "\($0), \(value)" } ?? value
            } else if name == "tracestate" {
                tracestate = tracestate.map { "\($0),\(value)" } ?? value
            }
        case 11: if name == "traceparent" { try take(\.traceparent, value, name) }
        case 12:
            if name == "content-type" {
                try take(\.contentType, value, name)
            } else if name == "x-request-id" {
                if requestID == nil { requestID = value }
            } else if name == "grpc-timeout" {
                try take(\.grpcTimeout, value, name)
            }
        case 13: if name == "last-event-id" { lastEventID = value }
        case 14:
            if name == "content-digest" { return contentDigest = contentDigest.map { "\($0), \(value)" } ?? value }
            guard name == "content-length" else { return }
            guard contentLength == nil else { throw .malformed("there are several content-length fields") }
            let isNumber = !value.isEmpty && value.utf8.count <= 18 && value.utf8.allSatisfy { $0 >= 48 && $0 <= 57 }
            guard isNumber, let length = Int(value) else {
                throw .malformed("the content-length is no number of bytes")
            }
            contentLength = length
        case 15: if name == "idempotency-key" { try take(\.idempotencyKey, value, name) }
        case 16: if name == "content-encoding" { try take(\.contentEncoding, value, name) }
        case 17:
            if name == "transfer-encoding" {
                try take(\.transferEncoding, value, name)
            } else if name == "x-request-timeout" {
                try take(\.requestTimeout, value, name)
            }
        default: break
        }
    }
}

/// Texts of header fields.
enum FieldText {
    /// Whether a list of tokens, as `Connection` has it, holds `token`, which is in lower case.
    static func has(_ token: String, in list: String) -> Bool {
        list.utf8.split(separator: UInt8(ascii: ",")).contains { part in
            String(Substring(part)).trimmedBlanks.lowercased() == token
        }
    }

    /// A request id that may stand in logs and metadata as it is.
    static func isRequestID(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 128
            && text.utf8.allSatisfy { byte in
                (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5A) || (byte >= 0x61 && byte <= 0x7A)
                    || byte == 0x2D || byte == 0x5F || byte == 0x2E || byte == 0x3A
            }
    }

    /// A host with a port or without, in lower case; nil if the text is none (RFC 9110, section 7.2).
    static func authority(_ text: String) -> String? {
        guard !text.isEmpty, text.utf8.count <= 261 else { return nil }
        var hasUpper = false
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x61...0x7A, 0x2D, 0x2E, 0x3A, 0x5B, 0x5D, 0x5F: break
            case 0x41...0x5A: hasUpper = true
            default: return nil
            }
        }
        return hasUpper ? text.lowercased() : text
    }
}

extension String {
    /// Without blanks and tabs at either end.
    var trimmedBlanks: String {
        let bytes = utf8
        guard let first = bytes.firstIndex(where: { $0 != 0x20 && $0 != 0x09 }),
            let last = bytes.lastIndex(where: { $0 != 0x20 && $0 != 0x09 })
        else { return "" }
        if first == bytes.startIndex, bytes.index(after: last) == bytes.endIndex { return self }
        return String(self[first...last])
    }
}
