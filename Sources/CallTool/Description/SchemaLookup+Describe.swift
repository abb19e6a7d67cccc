import SwiftProtobuf

extension SchemaLookup {
    /// The methods of a service, one a line, as they can be called.
    package func methodLines(of text: String) async throws -> [String] {
        let name = try await service(text, try await source.serviceNames())
        let schema = try await schema(of: name)
        guard let place = schema.services.first(where: { $0.name == name }) else {
            throw CallToolError.usage("\(source.name) does not define \(name)")
        }
        let writer = DefinitionText(schema)
        return place.proto.method.map { method in
            "\(name)/" + writer.signature(method, in: place.file).dropFirst("rpc ".count)
        }
    }

    /// What the contract says of a service, method, message or enum.
    package func description(of text: String) async throws -> String {
        let schema = try await everything()
        let name = String(text.drop { $0 == "/" || $0 == "." }.map { $0 == "/" ? "." : $0 })
        let symbols = Self.symbols(schema)
        let exact = symbols.filter { $0.name == name }
        let matches = exact.isEmpty ? symbols.filter { $0.name.hasSuffix(".\(name)") } : exact
        if let match = matches.first, matches.count == 1 {
            return Self.text(match, schema).joined(separator: "\n")
        }
        guard matches.isEmpty else {
            throw CallToolError.usage(
                "\(matches.count) definitions are called \(name)", next: Self.question(matches.map(\.name)))
        }
        var near = NearestNames.of(name, among: symbols.map(\.name))
        if near.isEmpty {
            let wanted = name.split(separator: ".").last.map(String.init) ?? name
            let last = Dictionary(grouping: symbols.map(\.name)) { String($0.split(separator: ".").last ?? "") }
            near = NearestNames.of(wanted, among: last.keys).flatMap { last[$0] ?? [] }
        }
        throw CallToolError.usage(
            "\(source.name) defines no \(name)",
            next: near.isEmpty ? "--list shows the services" : Self.question(near))
    }

    private struct Symbol {
        enum Definition {
            case service(Schema.Place<Google_Protobuf_ServiceDescriptorProto>)
            case method(Schema.Place<Google_Protobuf_ServiceDescriptorProto>, Int)
            case message(Schema.Place<Google_Protobuf_DescriptorProto>)
            case enumeration(Schema.Place<Google_Protobuf_EnumDescriptorProto>)
        }

        let name: String
        let definition: Definition
    }

    private static func symbols(_ schema: Schema) -> [Symbol] {
        var all: [Symbol] = []
        for service in schema.services {
            all.append(Symbol(name: service.name, definition: .service(service)))
            for (index, method) in service.proto.method.enumerated() {
                all.append(Symbol(name: "\(service.name).\(method.name)", definition: .method(service, index)))
            }
        }
        for message in schema.definitions.messages.values where !message.proto.options.mapEntry {
            all.append(Symbol(name: message.name, definition: .message(message)))
        }
        for type in schema.definitions.enumerations.values {
            all.append(Symbol(name: type.name, definition: .enumeration(type)))
        }
        return all.sorted { $0.name < $1.name }
    }

    private static func text(_ symbol: Symbol, _ schema: Schema) -> [String] {
        let writer = DefinitionText(schema)
        switch symbol.definition {
        case .service(let service): return ["// \(symbol.name)"] + writer.lines(service)
        case .message(let message): return ["// \(symbol.name)"] + writer.lines(message)
        case .enumeration(let type): return ["// \(symbol.name)"] + writer.lines(type)
        case .method(let service, let index):
            let method = service.proto.method[index]
            var lines = ["// \(service.name)/\(method.name)"] + writer.lines(method, of: service, index)
            var shown: Set<String> = []
            for type in [method.inputType, method.outputType].map(Schema.plain) where shown.insert(type).inserted {
                guard let message = schema.definitions.messages[type] else { continue }
                lines += ["", "// \(type)"] + writer.lines(message)
            }
            return lines
        }
    }
}
