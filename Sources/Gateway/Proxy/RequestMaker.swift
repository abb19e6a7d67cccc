import NIOCore
import Transcoding
import Wire

/// Makes a call's request message of an HTTP request: body, path, query, `Idempotency-Key`.
struct RequestMaker: Sendable {
    let transcoder: Transcoder
    let route: Route
    /// What the path gives to the route's variables, in their order.
    let pathValues: [String]
    let query: String?
    let idempotencyKey: String?

    init(_ route: Route, _ path: RequestPath?, _ exchange: any Exchange, _ transcoder: Transcoder) throws(RPCError) {
        (self.route, self.transcoder) = (route, transcoder)
        let hasVerb = route.template.verb != nil
        pathValues = path.map { path in route.variables.map { path.value(of: $0.variable, hasVerb: hasVerb) } } ?? []
        query = exchange.query.flatMap { $0.isEmpty ? nil : $0 }
        idempotencyKey = try exchange.known.idempotencyKey.map { text throws(RPCError) in
            guard route.call.requestID != nil else {
                throw .idempotencyKeyInvalid("the method knows no request_id that Idempotency-Key could be")
            }
            return try IdempotencyKey.uuid(text)
        }
    }

    /// The message, of a body that is JSON; an empty one is one without fields.
    func message(json: ByteBuffer) throws(RPCError) -> [UInt8] {
        if case .whole = route.body, pathValues.isEmpty, query == nil, idempotencyKey == nil,
            json.readableBytes > 0
        {
            do throws(TranscodingError) {
                return try transcoder.protobuf(fromJSON: json.readableBytesSpan, as: route.call.request)
            } catch { throw .untranscodable(error) }
        }
        let builder = transcoder.makeMessage(route.call.request)
        let isPatch = route.method == "PATCH" && route.call.updateMask != nil
        if json.readableBytes > 0 {
            switch route.body {
            case .none: throw .bodyInvalid("the method takes no body")
            case .whole:
                try merge(json, nil, into: builder, recordsMask: isPatch)
            case .field(let path):
                try merge(json, path, into: builder, recordsMask: isPatch)
            }
        }
        try setParameters(builder)
        if isPatch, json.readableBytes > 0 { try setMask(builder) }
        return try serialize(builder)
    }

    /// The message without its body: what a body of plain bytes is appended to.
    func messageWithoutBody() throws(RPCError) -> [UInt8] {
        if pathValues.isEmpty, query == nil, idempotencyKey == nil { return [] }
        let builder = transcoder.makeMessage(route.call.request)
        try setParameters(builder)
        return try serialize(builder)
    }

    private func merge(
        _ json: ByteBuffer, _ path: FieldPath?, into builder: MessageBuilder, recordsMask: Bool
    ) throws(RPCError) {
        do throws(TranscodingError) {
            try builder.mergeJSON(json.readableBytesSpan, at: path, recordsMask: recordsMask)
        } catch { throw .untranscodable(error, prefix: path?.description ?? "") }
    }

    private func serialize(_ builder: MessageBuilder) throws(RPCError) -> [UInt8] {
        do throws(TranscodingError) { return try builder.serialize() } catch { throw .untranscodable(error) }
    }

    private func setParameters(_ builder: MessageBuilder) throws(RPCError) {
        do throws(TranscodingError) {
            for (place, variable) in route.variables.enumerated() {
                try builder.setPathVariable(variable.path, to: pathValues[place])
            }
        } catch { throw .untranscodable(error) }
        var hasRequestID = false
        if let query { hasRequestID = try setQuery(query, builder) }
        if let idempotencyKey, let path = route.call.requestID, !hasRequestID {
            do throws(TranscodingError) {
                try builder.setPathVariable(path, to: idempotencyKey)
            } catch { throw .idempotencyKeyInvalid("Idempotency-Key is another than the body's request_id") }
        }
    }

    /// Sets the fields that the query names; true if one of them is `request_id`.
    private func setQuery(_ query: String, _ builder: MessageBuilder) throws(RPCError) -> Bool {
        var hasRequestID = false
        for part in query.utf8.split(separator: UInt8(ascii: "&")) {
            let part = Substring(part)
            let sign = part.utf8.firstIndex(of: UInt8(ascii: "="))
            guard let name = PercentDecoding.decodeQuery(part[..<(sign ?? part.endIndex)]),
                let value = PercentDecoding.decodeQuery(sign.map { part[part.utf8.index(after: $0)...] } ?? "")
            else { throw .malformed("the query's percent-encoding is none") }
            guard isFree(name) else {
                throw .parameterInvalid(name, "the field is set by the body or the path, not by a parameter")
            }
            if let idempotencyKey, name == "request_id" || name == "requestId" {
                guard value.lowercased() == idempotencyKey.lowercased() else {
                    throw .idempotencyKeyInvalid("Idempotency-Key is another than the parameter \(name)")
                }
                hasRequestID = true
            }
            do throws(TranscodingError) {
                try builder.setParameter(name, to: value)
            } catch { throw .untranscodable(error) }
        }
        return hasRequestID
    }

    /// Whether a field may be a parameter: those that the body is, or that the path sets, may not
    /// (google/api/http.proto).
    private func isFree(_ name: String) -> Bool {
        switch route.body {
        case .whole: return false
        case .none: return true
        case .field(let path):
            let first = name.split(separator: ".", maxSplits: 1).first ?? ""
            guard let field = path.fields.first else { return true }
            return first != field.name && first != field.jsonName
        }
    }

    /// Gives a PATCH without a mask the one that its body means: the fields that it has, but for those that the path
    /// names, which say what is changed and are no change.
    private func setMask(_ builder: MessageBuilder) throws(RPCError) {
        guard let mask = route.call.updateMask else { return }
        let present = builder.presentPaths
        let kept = present.filter { !pathNames.contains($0) }
        do throws(TranscodingError) {
            if kept.count == present.count {
                try builder.setMaskIfEmpty(mask)
            } else if !hasMask {
                try builder.setParameter(mask.description, to: kept.map(Self.camelCased).joined(separator: ","))
            }
        } catch { throw .untranscodable(error) }
    }

    /// The path's variables as the body's mask would name them.
    private var pathNames: [String] {
        guard case .field(let body) = route.body else { return route.variables.map(\.path.description) }
        return route.variables.compactMap { variable in
            guard variable.path.fields.starts(with: body.fields) else { return nil }
            return variable.path.fields.dropFirst(body.fields.count).map(\.name).joined(separator: ".")
        }
    }

    private var hasMask: Bool {
        guard let query, let mask = route.call.updateMask?.fields.first else { return false }
        return query.utf8.split(separator: UInt8(ascii: "&")).contains { part in
            let name = Substring(part).prefix { $0 != "=" }
            return name == mask.name || name == mask.jsonName
        }
    }

    /// A path of the proto's names as masks have it in JSON.
    private static func camelCased(_ path: String) -> String {
        var text = ""
        var isUpper = false
        for character in path {
            if character == "_" {
                isUpper = true
            } else {
                text += isUpper ? character.uppercased() : String(character)
                isUpper = false
            }
        }
        return text
    }
}

/// `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a UUID, as a structured string or bare.
enum IdempotencyKey {
    static func uuid(_ text: String) throws(RPCError) -> String {
        var bytes = Array(text.utf8)
        if bytes.count == 38, bytes.first == UInt8(ascii: "\""), bytes.last == UInt8(ascii: "\"") {
            bytes = Array(bytes[1..<37])
        }
        let isUUID =
            bytes.count == 36
            && bytes.enumerated().allSatisfy { place, byte in
                switch place {
                case 8, 13, 18, 23: byte == UInt8(ascii: "-")
                default:
                    (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66)
                }
            }
        guard isUUID else { throw .idempotencyKeyInvalid("Idempotency-Key is no UUID") }
        return String(decoding: bytes, as: UTF8.self)
    }
}
