import Foundation
import Gateway
import Logging
import NIOCore
import Policy
import PolicyModel
import TestContractProtos
import Wire

/// An edge before a real server with the policy layer, and sockets to reach it by.
final class EdgeBed: Sendable {
    let edge: EdgeServer
    let library: LibraryService
    let guardian: OpenGuard
    let port: Int
    private let server: Server
    private let channel: ClientChannel

    /// The contract of tests, serialized.
    static var descriptorSet: [UInt8] {
        Array(Data(base64Encoded: TestDescriptors.base64, options: .ignoreUnknownCharacters) ?? Data())
    }

    init(
        _ configuration: EdgeConfiguration = .patient, guard guardian: OpenGuard = OpenGuard(),
        pages: [String: EdgePage] = [:], missingPages: [(prefix: String, page: EdgePage)] = [],
        upstreams: Upstreams? = nil, accessLog: AccessLog = .none,
        tls: (any TLSContextSource)? = nil, denials: any DenialRecorder = LoggedDenials()
    ) async throws {
        let library = LibraryService()
        var policy = PolicyConfiguration(
            trustDomain: "datavault.test", role: .pipeline, verifier: guardian.verifier)
        policy.logger.logLevel = .critical
        policy.denials = denials
        let server = Server(services: [library, SinkService()], interceptors: PolicyLayer.interceptors(policy))
        let channel = ClientChannel(.inProcess(server, uriNames: ["spiffe://datavault.test/gateway"]))
        let routes = try RouteTable(descriptorSet: Self.descriptorSet, packages: ["datavault.test": .pipeline])
        var logger = Logger(label: "edge-tests")
        logger.logLevel = .critical
        edge = EdgeServer(
            configuration: configuration, routes: routes, upstreams: upstreams ?? ["pipeline": { channel }],
            guard: guardian, pages: pages, missingPages: missingPages, tls: tls, accessLog: accessLog, logger: logger)
        (self.library, self.guardian, self.server, self.channel) = (library, guardian, server, channel)
        guard case .tcp(_, let port) = try await edge.listen(.tcp(host: "127.0.0.1", port: 0)) else {
            throw CancellationError()
        }
        self.port = port
    }

    func client() async throws -> RawClient { try await RawClient(port: port) }

    func end() async {
        await edge.drain(grace: .milliseconds(200))
        await channel.shutDown(grace: .milliseconds(100))
        await server.drain(grace: .milliseconds(100))
    }

    /// Runs a test and ends everything after it.
    static func run(
        _ configuration: EdgeConfiguration = .patient, guard guardian: OpenGuard = OpenGuard(),
        pages: [String: EdgePage] = [:], missingPages: [(prefix: String, page: EdgePage)] = [],
        upstreams: Upstreams? = nil, accessLog: AccessLog = .none, denials: any DenialRecorder = LoggedDenials(),
        _ body: (EdgeBed) async throws -> Void
    ) async throws {
        let bed = try await EdgeBed(
            configuration, guard: guardian, pages: pages, missingPages: missingPages, upstreams: upstreams,
            accessLog: accessLog, denials: denials)
        do { try await body(bed) } catch {
            await bed.end()
            throw error
        }
        await bed.end()
    }
}

/// Requests as text.
enum RequestText {
    static func get(_ target: String, _ fields: String...) -> String {
        "GET \(target) HTTP/1.1\r\nhost: edge.test\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n"
    }

    static func post(_ target: String, _ body: String, method: String = "POST", _ fields: String...) -> String {
        "\(method) \(target) HTTP/1.1\r\nhost: edge.test\r\ncontent-type: application/json\r\n"
            + "content-length: \(body.utf8.count)\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n" + body
    }
}

extension EdgeConfiguration {
    /// The defaults, for clients that a busy machine may hold up for seconds in the midst of a body.
    static var patient: EdgeConfiguration {
        var configuration = EdgeConfiguration()
        configuration.bodyRateGrace = .seconds(60)
        return configuration
    }
}
