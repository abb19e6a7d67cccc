import DescriptorSet
import Logging
import PolicyModel
public import ServiceKit
import ServiceLifecycle
import SwiftProtobuf
import Transcoding
import Wire

/// The edge of the suite, for those outside: JSON over HTTP and gRPC at one port, with callers recognized, limited and
/// named to the services behind it.
public enum GatewayService {
    /// The role's name.
    public static let name = "gateway"
    private static let port = 8080

    /// A service behind the edge that is not of the suite's own contract.
    public struct Further: Sendable {
        let peer: PeerDefinition
        let package: String
        let descriptorSet: @Sendable () -> [UInt8]

        /// Describes a service.
        ///
        /// - Parameters:
        ///   - package: Calls of this package, and of those below it, go there.
        ///   - descriptorSet: Its contract: a serialized `google.protobuf.FileDescriptorSet` with all imports.
        public init(peer: PeerDefinition, package: String, descriptorSet: @escaping @Sendable () -> [UInt8]) {
            (self.peer, self.package, self.descriptorSet) = (peer, package, descriptorSet)
        }
    }

    private static let identity = PeerDefinition("identity", role: .identity, of: name, port: 7420)

    /// Services whose calls alone fail while they are away; a suite without one has none of its routes.
    private static let services = [
        PeerDefinition("scrape", role: .scrape, of: name, port: 7430, isOptional: true, isAwaited: false),
        PeerDefinition("pipeline", role: .pipeline, of: name, port: 7440, isOptional: true, isAwaited: false),
        PeerDefinition("compliance", role: .compliance, of: name, port: 7450, isOptional: true, isAwaited: false),
    ]

    /// The role for `datavault`.
    ///
    /// - Parameters:
    ///   - version: What `/openapi.json` says of the program.
    ///   - further: Services beside the suite's own.
    public static func role(version: String, further: [Further] = []) -> RoleDefinition {
        RoleDefinition(
            name, role: .gateway, port: port,
            serves: "Where JSON over HTTP and gRPC are served to those outside, encrypted if there is a certificate.",
            settings: EdgeSettings.declarations + GuardConfiguration.declarations + EdgeTLS.declarations,
            peers: [identity] + services + further.map(\.peer),
            front: { context in try assemble(context, version: version, further: further) })
    }

    private static func assemble(
        _ context: RoleContext, version: String, further: [Further]
    ) throws -> FrontAssembly {
        let further = further.filter { context.hasPeer($0.peer.name) }
        let set = try DescriptorSets.merged([DescriptorSet.array] + further.map { $0.descriptorSet() })
        var packages = RouteTable.packages
        var upstreams: Upstreams = [identity.name: { try context.peer(identity.name).channel() }]
        for service in services where context.hasPeer(service.name) {
            upstreams[service.name] = { try context.peer(service.name).channel() }
        }
        var names: [String: String] = [:]
        for one in further {
            names[one.package] = one.peer.name
            packages[one.package] = one.peer.role
            upstreams[one.peer.name] = { try context.peer(one.peer.name).channel() }
        }
        // What nobody serves yet has no routes: a caller is told that there is nothing, not that something is away.
        packages = packages.filter { upstreams[names[$0.key] ?? $0.value.rawValue] != nil }
        let routes = try RouteTable(descriptorSet: set, packages: packages, peers: names)
        let document = try OpenAPIDocument(routes: routes.openAPI, descriptorSets: [set], version: version).bytes()

        let (trust, rules) = (context.peer(identity.name), GuardConfiguration(context.settings))
        let credentials = CredentialWatcher(logger: context.logger) { try trust.channel() }
        let guardian = CallerGuard(
            configuration: rules, credentials: credentials, logger: context.logger,
            listing: CallerGuard.Listing(
                channel: { try trust.freshChannel() }, certificate: { trust.currentTLS })
        ) { try trust.channel() }
        var terms = EdgeConfiguration(context.settings)
        terms.trustedProxies = rules.trustedProxies
        let tls = try EdgeTLS.source(context.settings, logger: context.logger)
        let site = try DocumentationSite(DocumentationArchive.embedded())
        let state = ReadyState()
        let edge = EdgeServer(
            configuration: terms, routes: routes, upstreams: upstreams, guard: guardian,
            pages: site.pages.merging([
                "/openapi.json": EdgePage { EdgePage.Content(contentType: "application/json", body: document) }
            ]) { _, new in new },
            missingPages: [(DocumentationSite.prefix, site.missing)],
            isReady: { state.isReady }, tls: tls, eventLoops: context.eventLoops, logger: context.logger)
        return FrontAssembly(
            EdgeFront(edge: edge, state: state), background: guardian.services + (tls.map { [$0] } ?? []),
            checks: guardian.checks)
    }
}

/// The edge, as a role's front.
private struct EdgeFront: RoleFront {
    let edge: EdgeServer
    let state: ReadyState

    func listen(_ address: ListenAddress) async throws -> ListenAddress { try await edge.listen(address) }

    func readinessChanged(to isReady: Bool) { state.isReady = isReady }

    func run() async throws { try await edge.run() }
}

extension RouteTable {
    /// The routes as OpenAPI's document takes them.
    var openAPI: [OpenAPIRoute] {
        routes.map { route in
            let body: String =
                switch route.body {
                case .none: ""
                case .whole: "*"
                case .field(let path): path.description
                }
            return OpenAPIRoute(
                verb: route.method, template: route.template.text, body: body,
                responseBody: route.responseBody?.description ?? "", method: route.call.descriptor.path)
        }
    }
}
