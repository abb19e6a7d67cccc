import NIOCore

/// Answers as bytes of HTTP/1.1.
enum HTTP1Response {
    /// Appends a head, and a body where that is at hand.
    ///
    /// - Parameters:
    ///   - length: Of the body; nil if it is not known.
    ///   - isChunked: Whether the body comes in chunks.
    static func write(
        _ response: EdgeResponse, of exchange: HTTP1Exchange, isKept: Bool, length: Int?, isChunked: Bool = false,
        body: [UInt8] = [], into buffer: inout ByteBuffer
    ) {
        let (date, requestID, fields) = (exchange.loop.date, exchange.requestID, exchange.loop.core.commonFields)
        let common = response.hasOwnTerms ? fields.http1WithoutTerms : fields.http1
        let phrase = response.status == 200 ? "OK" : HTTPStatus.phrase(response.status)
        // What is constant, with two numbers and some room.
        var size = 256 + phrase.utf8.count + date.utf8.count + requestID.utf8.count + common.count + body.count
        if let type = response.contentType { size += type.utf8.count }
        size += self.size(response.fields) + self.size(exchange.guardFields)
        ByteWriter.append(size, to: &buffer) { writer in
            writer.constant("HTTP/1.1 ")
            writer.number(response.status)
            writer.constant(" ")
            writer.text(phrase)
            writer.constant("\r\ndate: ")
            writer.text(date)
            if let type = response.contentType {
                writer.constant("\r\ncontent-type: ")
                writer.text(type)
            }
            if let length, !response.hasNoContent {
                writer.constant("\r\ncontent-length: ")
                writer.number(length)
            } else if isChunked {
                writer.constant("\r\ntransfer-encoding: chunked")
            }
            writer.constant("\r\nx-request-id: ")
            writer.text(requestID)
            write(response.fields, &writer)
            write(exchange.guardFields, &writer)
            if !isKept {
                writer.constant("\r\nconnection: close")
            } else if exchange.terms.isOld {
                writer.constant("\r\nconnection: keep-alive")
            }
            writer.bytes(common)
            writer.bytes(body)
        }
    }

    private static func size(_ fields: [(name: String, value: String)]) -> Int {
        fields.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 4 }
    }

    private static func write(_ fields: [(name: String, value: String)], _ writer: inout ByteWriter) {
        for (name, value) in fields {
            writer.constant("\r\n")
            writer.text(name)
            writer.constant(": ")
            writer.text(value)
        }
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
