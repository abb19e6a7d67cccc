import NIOCore
import NIOHTTP1
import Wire

/// Turns what the parser gives into an exchange's head, and refuses what could be read in two ways.
enum HTTP1Head {
    /// What a connection has to know of a request beside the exchange.
    struct Terms {
        var keepsAlive: Bool
        /// The client speaks HTTP/1.0.
        var isOld: Bool
        var expectsContinue = false
    }

    /// Fills the exchange; on an error its `fault` says what is wrong, and the connection must end after the answer.
    static func read(_ head: HTTPRequestHead, into exchange: HTTP1Exchange, _ core: EdgeCore) -> Terms {
        let isOld = head.version.minor == 0
        var terms = Terms(keepsAlive: !isOld, isOld: isOld)
        exchange.method = head.method.rawValue
        do throws(RPCError) {
            try readFields(head, exchange, core.configuration)
            try readTarget(head, exchange, core.configuration)
            if let connection = exchange.known.connection {
                if FieldText.has("close", in: connection) {
                    terms.keepsAlive = false
                } else if isOld {
                    terms.keepsAlive = FieldText.has("keep-alive", in: connection)
                }
                // The parser stops at an upgrade; ours never come.
                if FieldText.has("upgrade", in: connection) { terms.keepsAlive = false }
            }
            if let expect = exchange.known.expect, !isOld {
                guard expect.lowercased() == "100-continue" else {
                    throw .headerInvalid("expect", "only 100-continue can be expected")
                }
                terms.expectsContinue = true
            }
        } catch {
            exchange.fault = error
            terms.keepsAlive = false
        }
        return terms
    }

    private static func readFields(
        _ head: HTTPRequestHead, _ exchange: HTTP1Exchange, _ configuration: EdgeConfiguration
    ) throws(RPCError) {
        guard head.headers.count <= configuration.maxHeaderCount else {
            throw .headerTooLarge(configuration.maxHeaderCount)
        }
        var list: [(name: String, value: String)] = []
        list.reserveCapacity(head.headers.count)
        var known = KnownHeaders()
        // An error of one field is told when all have been read: the log and the answer may need others.
        var failure: RPCError?
        for (name, value) in head.headers {
            // Blanks behind a value are none of it (RFC 9112, section 5); NIO's parser leaves them.
            let (name, value) = (name.lowercased(), value.trimmedBlanks)
            list.append((name, value))
            do throws(RPCError) { try known.add(name, value) } catch { failure = failure ?? error }
        }
        exchange.fields = RequestFields(list, known)
        if let failure { throw failure }
        guard known.size <= configuration.maxHeaderBytes else { throw .headerTooLarge(configuration.maxHeaderBytes) }
        if let encoding = known.transferEncoding {
            guard encoding.lowercased() == "chunked" else {
                throw .malformed("the only transfer-encoding is chunked")
            }
            guard known.contentLength == nil else {
                throw .malformed("there are both content-length and transfer-encoding")
            }
            guard head.version.minor != 0 else { throw .malformed("HTTP/1.0 knows no transfer-encoding") }
        }
    }

    private static func readTarget(
        _ head: HTTPRequestHead, _ exchange: HTTP1Exchange, _ configuration: EdgeConfiguration
    ) throws(RPCError) {
        let target = head.uri
        guard target.utf8.count <= configuration.maxTargetLength else {
            throw .targetTooLong(configuration.maxTargetLength)
        }
        guard head.method != .CONNECT else { throw .malformed("this is no proxy") }
        guard target.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x23 }) else {
            throw .malformed("the target has characters that a target cannot have")
        }
        if let host = exchange.known.host {
            guard let authority = FieldText.authority(host) else { throw .malformed("the host is none") }
            exchange.authority = authority
        } else if head.version.minor != 0 {
            throw .malformed("there is no host")
        }
        var rest = target[...]
        if rest.utf8.first != UInt8(ascii: "/"), rest != "*" {
            rest = try absolute(rest, exchange)
        }
        if let mark = rest.utf8.firstIndex(of: UInt8(ascii: "?")) {
            exchange.path = String(rest[..<mark])
            exchange.query = String(rest[rest.utf8.index(after: mark)...])
        } else {
            exchange.path = String(rest)
        }
    }

    /// The path and query of `http://host/path`, whose host has to be the one of `Host` (RFC 9112, section 3.2.2).
    private static func absolute(_ target: Substring, _ exchange: HTTP1Exchange) throws(RPCError) -> Substring {
        for scheme in ["http://", "https://"] where target.lowercased().hasPrefix(scheme) {
            let rest = target.dropFirst(scheme.count)
            let end = rest.utf8.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
            guard let authority = FieldText.authority(String(rest[..<end])), authority == exchange.authority else {
                throw .malformed("the target names another host than the host field")
            }
            if end == rest.endIndex { return "/" }
            return rest[end] == "/" ? rest[end...] : "/" + rest[end...]
        }
        throw .malformed("the target is neither a path nor an http address")
    }
}
