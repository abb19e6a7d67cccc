/// Writes a service: the enum around all of its stub, and the extension that serves it.
struct ServiceWriter {
    let service: ServiceModel
    let wire: WireTypes
    let options: GeneratorOptions

    private var access: String { options.visibility.modifier }

    func write(to writer: inout SourceWriter) {
        writer.doc(service.comment)
        if service.isDeprecated { writer.line("@available(*, deprecated)") }
        writer.block("\(access)enum \(service.name)") { writer in
            writeMethods(to: &writer)
            writer.line()
            writeDescriptor(to: &writer)
            if options.writesServer {
                writer.line()
                HandlerWriter(service: service, wire: wire, visibility: options.visibility).writeProtocol(to: &writer)
            }
            if options.writesClient {
                writer.line()
                ClientWriter(service: service, wire: wire, visibility: options.visibility).write(to: &writer)
            }
        }
        if options.writesServer {
            writer.line()
            HandlerWriter(service: service, wire: wire, visibility: options.visibility).writeExtension(to: &writer)
        }
    }

    private func writeMethods(to writer: inout SourceWriter) {
        writer.line("/// The methods of `\(service.protoName)`, in the order of the proto.")
        writer.block("\(access)enum Methods") { writer in
            for (index, method) in service.methods.enumerated() {
                if index > 0 { writer.line() }
                writer.doc(method.isDeprecated ? method.comment.appending("Deprecated.") : method.comment)
                let arguments = [
                    "service: \"\(service.protoName)\"",
                    "name: \"\(method.protoName)\"",
                    "kind: .\(method.kind.rawValue)",
                    "requestType: \"\(method.request.proto)\"",
                    "responseType: \"\(method.response.proto)\"",
                    "idempotency: \(method.idempotency)",
                ]
                let head = "\(access)static let \(method.name.declared) = \(wire.methodDescriptor)"
                guard let policy = method.policy else {
                    writer.broken(head, arguments)
                    continue
                }
                writer.line("\(head)(")
                writer.indented { writer in
                    for argument in arguments { writer.line("\(argument),") }
                    policy.write("attachment: CallPolicy", to: &writer)
                }
                writer.line(")")
            }
        }
    }

    private func writeDescriptor(to writer: inout SourceWriter) {
        writer.line("/// The service as its proto declares it.")
        let head = "\(access)static let descriptor = \(wire.serviceDescriptor)"
        let name = "name: \"\(service.protoName)\""
        let methods = service.methods.map { "Methods.\($0.name.member)" }
        let joined = "methods: [\(methods.joined(separator: ", "))]"
        guard !writer.fits("    \(joined)") else { return writer.list(head, [name, joined]) }
        writer.line("\(head)(")
        writer.indented { writer in
            writer.line("\(name),")
            writer.line("methods: [")
            writer.indented { writer in
                for method in methods { writer.line("\(method),") }
            }
            writer.line("]")
        }
        writer.line(")")
    }
}
