/// Writes what calls a service.
struct ClientWriter {
    let service: ServiceModel
    let wire: WireTypes
    let visibility: Visibility

    private var access: String { visibility.modifier }

    func write(to writer: inout SourceWriter) {
        writer.line("/// Calls `\(service.protoName)`.")
        writer.block("\(access)struct Client: Sendable") { writer in
            writer.line("/// What the calls go over.")
            writer.line("\(access)let channel: \(wire.clientChannel)")
            writer.line()
            writer.line("/// Makes a client whose calls go over `channel`.")
            writer.line("\(access)init(_ channel: \(wire.clientChannel)) { self.channel = channel }")
            for method in service.methods {
                writer.line()
                writeCall(method, to: &writer)
            }
        }
    }

    private func writeCall(_ method: MethodModel, to writer: inout SourceWriter) {
        writer.doc(method.comment)
        if method.isDeprecated { writer.line("@available(*, deprecated)") }
        if visibility.isInlinable { writer.line("@inlinable") }
        var parameters = ["options: \(wire.callOptions) = \(wire.callOptions)()"]
        var arguments = ["Methods.\(method.name.member)", "options: options"]
        if !method.kind.clientStreams {
            parameters.insert("_ request: \(method.request.swift)", at: 0)
            arguments.insert("request", at: 1)
        }
        let head = "\(access)func \(method.name.declared)"
        writeSignature(head, parameters, ResultType(of: method, wire: wire), to: &writer)
        writer.indented { writer in
            writer.list("try await channel.\(method.kind.rawValue)", arguments)
        }
        writer.line("}")
    }

    private func writeSignature(
        _ head: String,
        _ parameters: [String],
        _ result: ResultType,
        to writer: inout SourceWriter
    ) {
        let tail = " async throws -> \(result.joined) {"
        guard !writer.fits("\(head)(\(parameters.joined(separator: ", ")))\(tail)") else {
            return writer.list(head, parameters, tail)
        }
        guard !writer.fits(")\(tail)"), !result.arguments.isEmpty else { return writer.broken(head, parameters, tail) }
        writer.broken(head, parameters, " async throws -> \(result.type)<")
        writer.lines(result.arguments)
        writer.line("> {")
    }
}

/// What a client's method returns, in parts that can stand on lines of their own.
private struct ResultType {
    let type: String
    let arguments: [String]

    init(of method: MethodModel, wire: WireTypes) {
        let (request, response) = (method.request.swift, method.response.swift)
        (type, arguments) =
            switch method.kind {
            case .unary: (response, [])
            case .serverStreaming: (wire.responseStream, [response])
            case .clientStreaming: (wire.clientStreamingCall, [request, response])
            case .bidirectional: (wire.bidirectionalCall, [request, response])
            }
    }

    var joined: String { arguments.isEmpty ? type : "\(type)<\(arguments.joined(separator: ", "))>" }
}
