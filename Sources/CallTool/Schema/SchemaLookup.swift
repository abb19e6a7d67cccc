import SwiftProtobuf

/// Finds methods and types by what people write.
package struct SchemaLookup: Sendable {
    package let source: any SchemaSource

    package init(_ source: any SchemaSource) { self.source = source }

    /// The method that `text` names: `package.Service/Method`, with a dot instead of the slash, without the package where
    /// one service has the name, or alone where one method has it.
    package func method(_ text: String) async throws -> (Schema, SchemaMethod) {
        let (service, name) = try Self.split(text)
        let services = try await source.serviceNames()
        guard let service else { return try await lonely(name, services) }
        let found = try await self.service(service, services, method: name)
        let schema = try await schema(of: found)
        guard let place = schema.services.first(where: { $0.name == found }) else {
            throw CallToolError(.usage, "the descriptors that \(source.name) gives for \(found) do not define it")
        }
        if let proto = place.proto.method.first(where: { $0.name == name }) {
            return (schema, try SchemaMethod(proto, place, schema.pool))
        }
        let names = place.proto.method.map(\.name)
        let near = NearestNames.of(name, among: names).map { "\(found)/\($0)" }
        throw CallToolError.usage(
            "\(found) has no method \(name)",
            next: near.isEmpty ? Self.listing("its methods", names) : Self.question(near))
    }

    /// A schema of all services.
    package func everything() async throws -> Schema {
        var files: [Google_Protobuf_FileDescriptorProto] = []
        var known: Set<String> = []
        for service in try await source.serviceNames() {
            for file in try await source.files(defining: service) ?? [] where known.insert(file.name).inserted {
                files.append(file)
            }
        }
        return try Schema(files)
    }

    /// The full name of a service that `text` names.
    package func service(_ text: String, _ services: [String], method: String? = nil) async throws -> String {
        let written = text.hasPrefix("/") ? String(text.dropFirst()) : text
        if services.contains(written) { return written }
        let matches = services.filter { $0.hasSuffix(".\(written)") }
        if matches.count == 1 { return matches[0] }
        let suffix = method.map { "/\($0)" } ?? ""
        guard matches.isEmpty else {
            throw CallToolError.usage(
                "\(matches.count) services are called \(written)", next: Self.question(matches.map { $0 + suffix }))
        }
        // Some servers answer for more than they list.
        if written.contains("."), try await source.files(defining: written) != nil { return written }
        var near = NearestNames.of(written, among: services)
        if near.isEmpty {
            // The package left out, and the name misspelt.
            let short = services.map { String($0[($0.lastIndex(of: ".").map($0.index(after:)) ?? $0.startIndex)...]) }
            let last = String(written.split(separator: ".").last ?? "")
            let names = NearestNames.of(last, among: Set(short))
            near = zip(services, short).filter { names.contains($0.1) }.map(\.0)
        }
        throw CallToolError.usage(
            "\(source.name) has no service \(written)",
            next: near.isEmpty ? Self.listing("the services", services) : Self.question(near))
    }

    /// The service's file with all that it imports.
    func schema(of service: String) async throws -> Schema {
        guard let files = try await source.files(defining: service) else {
            throw CallToolError(.usage, "\(source.name) lists \(service) and does not define it")
        }
        return try Schema(files)
    }

    private func lonely(_ name: String, _ services: [String]) async throws -> (Schema, SchemaMethod) {
        let schema = try await everything()
        let all = schema.services.flatMap { service in service.proto.method.map { (service, $0) } }
        let matches = all.filter { $0.1.name == name }
        if matches.count == 1 { return (schema, try SchemaMethod(matches[0].1, matches[0].0, schema.pool)) }
        guard matches.isEmpty else {
            throw CallToolError.usage(
                "\(matches.count) services have a method \(name)",
                next: Self.question(matches.map { "\($0.0.name)/\($0.1.name)" }))
        }
        let near = Set(NearestNames.of(name, among: Set(all.map(\.1.name))))
        let methods = all.filter { near.contains($0.1.name) }.map { "\($0.0.name)/\($0.1.name)" }
        throw CallToolError.usage(
            "\(source.name) has no method \(name)",
            next: methods.isEmpty ? Self.listing("the services", services) : Self.question(methods))
    }

    static func split(_ text: String) throws -> (service: String?, method: String) {
        let written = text.hasPrefix("/") ? text.dropFirst() : text[...]
        let separator = written.lastIndex(of: "/") ?? written.lastIndex(of: ".")
        let method = separator.map { written[written.index(after: $0)...] } ?? written
        let service = separator.map { written[..<$0] }
        guard !method.isEmpty, service?.isEmpty != true, !method.contains(where: \.isWhitespace) else {
            throw CallToolError.usage("\"\(text)\" names no method", next: "write package.Service/Method")
        }
        return (service.map(String.init), String(method))
    }

    static func question(_ names: [String]) -> String { "did you mean \(names.joined(separator: ", "))?" }

    /// How many names an error lists.
    private static let listed = 20

    static func listing(_ what: String, _ names: [String]) -> String {
        guard !names.isEmpty else { return "there are none" }
        let rest = names.count > listed ? " and \(names.count - listed) more (--list)" : ""
        return "\(what) are \(names.prefix(listed).joined(separator: ", "))\(rest)"
    }
}
