import GoogleAPIContract
import PolicyContract
public import PolicyModel
public import SwiftProtobuf
public import Transcoding
import Wire

/// All that callers may reach: the routes of REST and the methods of gRPC, made from a descriptor set's options.
///
/// A table never changes; another descriptor set makes another one.
public final class RouteTable: Sendable {
    /// The routes, in the contract's order.
    public let routes: [Route]
    /// The methods by `/package.Service/Method`, those without a route included; internal ones are not among them.
    public let methods: [String: GatewayMethod]
    /// What the table was made from, with comments.
    public let descriptorSet: Google_Protobuf_FileDescriptorSet
    /// Turns the methods' messages into JSON and back.
    public let transcoder: Transcoder
    private let trie: PathTrie
    /// The routes without variables, by their paths. The trie looks for literals first, so they go before all others.
    private let literals: [String: [Route]]

    /// Reads a descriptor set.
    ///
    /// - Parameters:
    ///   - descriptorSet: A serialized `google.protobuf.FileDescriptorSet` with all imports.
    ///   - packages: Who serves a package and those below it; the longest name that fits counts. Other packages have
    ///     no routes.
    ///   - peers: What who serves a package is called, where that is not the role's own name.
    ///   - limits: Of each transcoding.
    /// - Throws: `RouteError`, `DescriptorError`, or SwiftProtobuf's error.
    public init(
        descriptorSet: [UInt8], packages: [String: Role] = RouteTable.packages, peers: [String: String] = [:],
        limits: TranscodingLimits = TranscodingLimits()
    ) throws {
        var extensions = SimpleExtensionMap()
        extensions.formUnion(Datavault_Policy_V1_Policy_Extensions)
        extensions.formUnion(Google_Api_Annotations_Extensions)
        let set = try Google_Protobuf_FileDescriptorSet(serializedBytes: descriptorSet, extensions: extensions)
        let transcoder = Transcoder(pool: try DescriptorPool(set), limits: limits)
        var builder = RouteTableBuilder(transcoder: transcoder, set: set)
        for file in set.file {
            guard let role = Self.best(of: file.package, packages) else { continue }
            try builder.add(file, role: role, peer: Self.best(of: file.package, peers) ?? role.rawValue)
        }
        self.transcoder = transcoder
        self.descriptorSet = set
        (routes, methods) = (builder.routes, builder.methods)
        trie = try PathTrie(builder.routes.map { ($0.method, $0.template) })
        literals = Dictionary(grouping: builder.routes.filter(\.template.isLiteral)) { $0.template.text }
    }

    /// The suite's packages. The example's role is the pipeline's.
    public static let packages: [String: Role] = [
        "datavault.identity": .identity, "datavault.scrape": .scrape, "datavault.pipeline": .pipeline,
        "datavault.compliance": .compliance, "datavault.example": .pipeline,
    ]

    private static func best<Value>(of package: String, _ packages: [String: Value]) -> Value? {
        let fitting = packages.filter { package == $0.key || package.hasPrefix("\($0.key).") }
        return fitting.max { $0.key.utf8.count < $1.key.utf8.count }?.value
    }

    /// The route of a request whose path is a template without variables, as it came; nil: it is not, or there may be
    /// something to say of it.
    func find(_ method: String, _ path: String) -> Route? {
        guard let routes = literals[path] else { return nil }
        let method = method == "HEAD" ? "GET" : method
        for route in routes where route.method == method { return route }
        return nil
    }

    /// The route of a request; a HEAD is a GET.
    func find(_ method: String, _ path: RequestPath) -> RouteLookup {
        var others: [String] = []
        if let index = trie.find(method == "HEAD" ? "GET" : method, path, others: &others) {
            return .found(routes[index])
        }
        if others.isEmpty { return .unknown }
        if others.contains("GET") { others.append("HEAD") }
        return .otherMethods((others + ["OPTIONS"]).sorted())
    }
}
