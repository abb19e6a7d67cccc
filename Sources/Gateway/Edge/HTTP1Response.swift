import NIOCore

/// Answers as bytes of HTTP/1.1.
enum HTTP1Response {
    /// Appends a head.
    ///
    /// - Parameters:
    ///   - length: Of the body; nil if it is not known.
    ///   - isChunked: Whether the body comes in chunks.
    static func write(
        _ response: EdgeResponse, of exchange: HTTP1Exchange, _ isKept: Bool, length: Int?, isChunked: Bool = false,
        into buffer: inout ByteBuffer
    ) {
        if response.status == 200 {
            buffer.writeStaticString("HTTP/1.1 200 OK\r\n")
        } else {
            buffer.writeString("HTTP/1.1 \(response.status) \(HTTPStatus.phrase(response.status))\r\n")
        }
        buffer.writeStaticString("date: ")
        buffer.writeString(exchange.loop.date)
        if let type = response.contentType {
            buffer.writeStaticString("\r\ncontent-type: ")
            buffer.writeString(type)
        }
        if let length, !response.hasNoContent {
            buffer.writeStaticString("\r\ncontent-length: ")
            buffer.writeString(String(length))
        } else if isChunked {
            buffer.writeStaticString("\r\ntransfer-encoding: chunked")
        }
        buffer.writeStaticString("\r\nx-request-id: ")
        buffer.writeString(exchange.requestID)
        for (name, value) in response.fields {
            buffer.writeStaticString("\r\n")
            buffer.writeString(name)
            buffer.writeStaticString(": ")
            buffer.writeString(value)
        }
        if !isKept {
            buffer.writeStaticString("\r\nconnection: close")
        } else if exchange.terms.isOld {
            buffer.writeStaticString("\r\nconnection: keep-alive")
        }
        let common = exchange.loop.core.commonFields
        buffer.writeBytes(response.hasOwnTerms ? common.http1WithoutTerms : common.http1)
    }
}

/// The fields that every answer has, made once.
struct CommonFields: Sendable {
    let list: [(name: String, value: String)]
    /// Those of answers that say themselves what a cache and a browser may do with them.
    let listWithoutTerms: [(name: String, value: String)]
    /// From the end of the field before them to the end of the head.
    let http1: [UInt8]
    let http1WithoutTerms: [UInt8]

    init(_ configuration: EdgeConfiguration, isEncrypted: Bool) {
        let terms = [
            ("cache-control", "no-store"), ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ]
        var rest = [("referrer-policy", "no-referrer"), ("x-content-type-options", "nosniff")]
        let age = configuration.strictTransportAge.components.seconds
        if isEncrypted, age > 0 { rest.append(("strict-transport-security", "max-age=\(age)")) }
        list = (terms + rest).map { (name: $0, value: $1) }
        listWithoutTerms = rest.map { (name: $0, value: $1) }
        (http1, http1WithoutTerms) = (Self.end(list), Self.end(listWithoutTerms))
    }

    private static func end(_ fields: [(name: String, value: String)]) -> [UInt8] {
        Array((fields.map { "\r\n\($0.name): \($0.value)" }.joined() + "\r\n\r\n").utf8)
    }
}
