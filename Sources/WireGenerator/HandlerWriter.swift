/// Writes what a server implements, and how that is registered.
struct HandlerWriter {
    let service: ServiceModel
    let wire: WireTypes
    let visibility: Visibility

    private var access: String { visibility.modifier }

    func writeProtocol(to writer: inout SourceWriter) {
        writer.line("/// What a server of `\(service.protoName)` implements.")
        writer.block("\(access)protocol Handler: \(wire.serviceHandler)") { writer in
            for (index, method) in service.methods.enumerated() {
                if index > 0 { writer.line() }
                // A deprecated method is not marked for servers: while clients call it, they have to serve it.
                writer.doc(method.isDeprecated ? method.comment.appending("Deprecated.") : method.comment)
                writeRequirement(method, to: &writer)
            }
        }
    }

    private func writeRequirement(_ method: MethodModel, to writer: inout SourceWriter) {
        var parameters: [String] = []
        if method.kind.clientStreams {
            parameters.append("_ requests: \(wire.requestStream)<\(method.request.swift)>")
        } else {
            parameters.append("_ request: \(method.request.swift)")
        }
        if method.kind.serverStreams {
            parameters.append("responses: \(wire.responseWriter)<\(method.response.swift)>")
        }
        parameters.append("context: \(wire.serverContext)")
        let result = method.kind.serverStreams ? "" : " -> \(method.response.swift)"
        writer.list("func \(method.name.declared)", parameters, " async throws\(result)")
    }

    func writeExtension(to writer: inout SourceWriter) {
        if service.isDeprecated { writer.line("@available(*, deprecated)") }
        writer.block("extension \(service.name).Handler") { writer in
            writer.line("/// The service that the handler serves.")
            writer.line(
                "\(access)var serviceDescriptor: \(wire.serviceDescriptor) { \(service.name).descriptor }"
            )
            writer.line()
            writer.line("/// Adds the service's methods to `router`.")
            if visibility.isInlinable { writer.line("@inlinable") }
            writer.block("\(access)func register(in router: inout \(wire.router))") { writer in
                for method in service.methods { writeRegistration(method, to: &writer) }
            }
        }
    }

    private func writeRegistration(_ method: MethodModel, to writer: inout SourceWriter) {
        let input = method.kind.clientStreams ? "requests" : "request"
        let names = method.kind.serverStreams ? [input, "responses", "context"] : [input, "context"]
        let arguments = [input] + names.dropFirst().map { "\($0): \($0)" }
        let descriptor = "\(service.name).Methods.\(method.name.member)"
        // Without a closure of its own for the handler: each asynchronous frame costs every call.
        if method.kind == .unary {
            writer.list("router.method", [descriptor], " { context in")
            writer.indented { writer in
                writer.line("let request = try context.singleRequest(as: \(method.request.swift).self)")
                writer.list("let response = try await self.\(method.name.member)", arguments)
                writer.line("try context.respond(response)")
            }
            return writer.line("}")
        }
        writer.list("router.\(method.kind.rawValue)", [descriptor], " { \(names.joined(separator: ", ")) in")
        writer.indented { writer in
            writer.list("try await self.\(method.name.member)", arguments)
        }
        writer.line("}")
    }
}
