import GoogleAPIContract
import PolicyContract
import PolicyModel
import SwiftProtobuf
import Transcoding
import Wire

/// Makes methods and routes of descriptors.
struct RouteTableBuilder {
    private let transcoder: Transcoder
    private(set) var routes: [Route] = []
    private(set) var methods: [String: GatewayMethod] = [:]
    /// Messages by full name.
    private var messages: [String: Google_Protobuf_DescriptorProto] = [:]

    static let httpBodyType = "google.api.HttpBody"

    init(transcoder: Transcoder, set: Google_Protobuf_FileDescriptorSet) {
        self.transcoder = transcoder
        for file in set.file {
            for message in file.messageType { take(message, in: file.package) }
        }
    }

    private mutating func take(_ message: Google_Protobuf_DescriptorProto, in scope: String) {
        let name = scope.isEmpty ? message.name : "\(scope).\(message.name)"
        messages[name] = message
        for nested in message.nestedType { take(nested, in: name) }
    }

    mutating func add(_ file: Google_Protobuf_FileDescriptorProto, role: Role, peer: String) throws {
        for (place, service) in file.service.enumerated() {
            for (index, proto) in service.method.enumerated() {
                let name = "\(file.package).\(service.name)"
                guard let policy = Self.policy(proto) else { continue }
                let (input, output) = (String(proto.inputType.dropFirst()), String(proto.outputType.dropFirst()))
                guard let request = transcoder.messageType(named: input),
                    let response = transcoder.messageType(named: output)
                else { throw RouteError("\(name)/\(proto.name)", "the descriptor set lacks its messages") }
                let method = GatewayMethod(
                    descriptor: MethodDescriptor(
                        service: name, name: proto.name, kind: Self.kind(proto), requestType: input,
                        responseType: output, idempotency: Self.idempotency(proto)),
                    role: role, peer: peer, policy: policy, request: request, response: response,
                    comment: Self.comment(file, [6, Int32(place), 2, Int32(index)]))
                methods[method.descriptor.path] = method
                guard proto.options.hasGoogle_Api_http else { continue }
                let rule = proto.options.Google_Api_http
                for binding in [rule] + rule.additionalBindings { try add(binding, method) }
            }
        }
    }

    private mutating func add(_ rule: Google_Api_HttpRule, _ method: GatewayMethod) throws {
        let verb: String
        let path: String
        switch rule.pattern {
        case .get(let text): (verb, path) = ("GET", text)
        case .put(let text): (verb, path) = ("PUT", text)
        case .post(let text): (verb, path) = ("POST", text)
        case .delete(let text): (verb, path) = ("DELETE", text)
        case .patch(let text): (verb, path) = ("PATCH", text)
        case .custom(let custom): (verb, path) = (custom.kind, custom.path)
        case nil: throw RouteError(method.descriptor.path, "its route has no path")
        }
        let template = try PathTemplate(path)
        var body = Route.Body.none
        if rule.body == "*" {
            body = .whole
        } else if !rule.body.isEmpty {
            body = .field(try method.request.path(rule.body))
        }
        let responseBody = rule.responseBody.isEmpty ? nil : try method.response.path(rule.responseBody)
        routes.append(
            Route(
                place: routes.count, method: verb, template: template, call: method, body: body,
                responseBody: responseBody,
                upload: upload(method, body), download: download(method, responseBody),
                variables: try template.variables.map { ($0, try method.request.path($0.field)) }))
    }

    // MARK: Plain bytes

    private func upload(_ method: GatewayMethod, _ body: Route.Body) -> Route.RawBody? {
        switch body {
        case .none: return nil
        case .field(let path): return rawBody(at: path)
        case .whole:
            if method.request.fullName == Self.httpBodyType { return Route.RawBody(path: [], isHTTPBody: true) }
            // One message a piece: only a stream's body is bytes because its messages hold nothing else.
            return method.descriptor.kind == .clientStreaming ? soleRawField(of: method.request) : nil
        }
    }

    private func download(_ method: GatewayMethod, _ field: FieldPath?) -> Route.RawBody? {
        if let field { return rawBody(at: field) }
        if method.response.fullName == Self.httpBodyType { return Route.RawBody(path: [], isHTTPBody: true) }
        return method.stream == .bytes ? soleRawField(of: method.response) : nil
    }

    private func rawBody(at path: FieldPath) -> Route.RawBody? {
        guard let last = path.fields.last, !last.isRepeated, !last.isMap else { return nil }
        let numbers = path.fields.map(\.number)
        if last.messageType?.fullName == Self.httpBodyType { return Route.RawBody(path: numbers, isHTTPBody: true) }
        let holder = path.fields.count > 1 ? path.fields[path.fields.count - 2].messageType : path.root
        let isBytes = messages[holder?.fullName ?? ""]?.field.contains {
            $0.name == last.name && $0.type == .bytes
        }
        return isBytes == true ? Route.RawBody(path: numbers, isHTTPBody: false) : nil
    }

    /// The field of bytes, or the HttpBody, of a message that has one such field.
    private func soleRawField(of type: MessageType) -> Route.RawBody? {
        let found = type.fields.compactMap { field in (try? type.path(field.name)).flatMap(rawBody(at:)) }
        return found.count == 1 ? found[0] : nil
    }

    // MARK: Options

    private static func policy(_ proto: Google_Protobuf_MethodDescriptorProto) -> MethodPolicy? {
        let options = proto.options.Datavault_Policy_V1_call
        let access: CallPolicy.Access
        switch options.access {
        case .permission(let name): access = .permission(name)
        case .authenticated: access = .authenticated
        case .public: access = .public
        case .internal, nil: return nil
        }
        let stream: CallPolicy.Stream? =
            switch options.stream {
            case .jsonLines: .jsonLines
            case .events: .events
            case .bytes: .bytes
            case .websocket: .webSocket
            case .unspecified, .UNRECOGNIZED: nil
            }
        var deprecation: Deprecation?
        if options.hasDeprecation {
            deprecation = Deprecation(
                since: options.deprecation.since, sunset: options.deprecation.sunset,
                replacement: options.deprecation.replacement.isEmpty ? nil : options.deprecation.replacement)
        }
        // Only the gateway's own peers are asked: a method that lists other roles alone is none of the edge's.
        let roles = options.roles
        guard roles.isEmpty || roles.contains(.gateway) else { return nil }
        return MethodPolicy(
            access: access, cost: options.hasCost ? Int(options.cost) : CallPolicy.defaultCost, stream: stream,
            deprecation: deprecation, isAudited: !options.audit.isEmpty)
    }

    private static func kind(_ proto: Google_Protobuf_MethodDescriptorProto) -> MethodKind {
        switch (proto.clientStreaming, proto.serverStreaming) {
        case (false, false): .unary
        case (false, true): .serverStreaming
        case (true, false): .clientStreaming
        case (true, true): .bidirectional
        }
    }

    private static func idempotency(
        _ proto: Google_Protobuf_MethodDescriptorProto
    ) -> MethodDescriptor.Idempotency {
        switch proto.options.idempotencyLevel {
        case .noSideEffects: .noSideEffects
        case .idempotent: .idempotent
        default: .unknown
        }
    }

    private static func comment(_ file: Google_Protobuf_FileDescriptorProto, _ path: [Int32]) -> String {
        file.sourceCodeInfo.location.first { $0.path == path }?.leadingComments ?? ""
    }
}

/// `Deprecation` (RFC 9745) and `Sunset` (RFC 8594), as answers carry them.
enum DeprecationFields {
    static func fields(_ deprecation: Deprecation?) -> [(name: String, value: String)] {
        guard let deprecation else { return [] }
        var fields: [(name: String, value: String)] = []
        if let seconds = CivilDate.seconds(deprecation.since) { fields.append(("deprecation", "@\(seconds)")) }
        if let seconds = CivilDate.seconds(deprecation.sunset) { fields.append(("sunset", HTTPDate.text(seconds))) }
        return fields
    }
}
