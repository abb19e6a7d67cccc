import BenchContract
import Foundation
import Gateway
import IdentityService
import Logging
import Policy
import PolicyModel
import ServiceKit
import SwiftProtobuf
import Wire

/// Which half of the benchmark a process is.
enum BenchPart: String {
    case upstream
    case gateway
}

/// Roles of the real suite, with the benchmark's service for what is called.
struct BenchSuite {
    private let part: BenchPart
    private let folder: String

    init(_ part: BenchPart, folder: String) { (self.part, self.folder) = (part, folder) }

    private static let bench = "bench"
    /// The ports that gateway_bench.py knows.
    private static let (servicePort, identityPort, gatewayPort) = (9_397, 9_396, 9_303)

    private static var contract: [UInt8] {
        [UInt8](Data(base64Encoded: BenchDescriptors.base64, options: .ignoreUnknownCharacters) ?? Data())
    }

    private var roles: [RoleDefinition] {
        switch part {
        case .upstream: [IdentityService.role(contracts: [{ Self.contract }]), Self.service]
        case .gateway:
            [
                GatewayService.role(
                    version: "bench",
                    further: [
                        GatewayService.Further(
                            peer: PeerDefinition(
                                Self.bench, role: .pipeline, of: GatewayService.name, port: Self.servicePort),
                            package: "datavault.bench", descriptorSet: { Self.contract })
                    ])
            ]
        }
    }

    private static var service: RoleDefinition {
        RoleDefinition(
            bench, role: .pipeline, port: servicePort,
            peers: [PeerDefinition("identity", role: .identity, of: bench, port: identityPort)], migrations: [],
            descriptorSet: { contract }, assemble: { _ in RoleAssembly(services: [EchoHandler()]) })
    }

    private var arguments: [String: String] {
        var settings = [
            "data.folder": folder, "threads": "1", "log.level": "info", "log.format": "json", "log.calls": "failed",
        ]
        switch part {
        case .upstream:
            settings["identity.listen"] = "127.0.0.1:\(Self.identityPort)"
        case .gateway:
            settings["gateway.listen"] = "127.0.0.1:\(Self.gatewayPort)"
            settings["gateway.peers.identity"] = "127.0.0.1:\(Self.identityPort)"
            // All limits are kept; none is reached.
            for limit in ["caller", "organization", "address"] {
                settings["gateway.limits.\(limit)-rate"] = "1000000"
                settings["gateway.limits.\(limit)-burst"] = "1000000"
            }
        }
        return settings
    }

    func run() async throws {
        try Suite.prepareFolder(folder)
        let roles = roles
        let settings = try Settings(RoleDefinition.schema(roles), from: SettingSources(arguments: arguments))
        let output = LogSettings.bootstrap(settings, provider: LogContext.provider { _ in [:] })
        let telemetry = try TelemetrySettings.bootstrap(settings, serviceName: "gateway-bench", version: "bench")
        if part == .upstream { _ = try await DevelopmentKeys.prepare(in: KeyFolder("\(folder)/keys")) }
        var options = Suite.Options()
        options.isMigrating = true
        options.logOutput = output
        options.processServices = [telemetry]
        let suite = try await Suite(roles, settings: settings, options: options)
        try await suite.run { [part, folder] in
            guard part == .upstream else { return }
            do { try Self.writeSecret(folder) } catch { print("the first key could not be read: \(error)") }
        }
    }

    private struct FirstAdmin: Decodable {
        let key: String
    }

    private static func writeSecret(_ folder: String) throws {
        let file = try Data(contentsOf: URL(filePath: "\(folder)/first-admin.json"))
        let key = try JSONDecoder().decode(FirstAdmin.self, from: file).key
        try Data(key.utf8).write(to: URL(filePath: "\(folder)/secret"))
    }
}

/// Answers at once.
struct EchoHandler: Datavault_Bench_V1_EchoService.Handler {
    private static let items = Datavault_Bench_V1_ListItemsResponse.with { response in
        response.items = (0..<1_000).map { index in
            .with {
                let digits = String(index)
                let number = String(repeating: "0", count: 8 - digits.count) + digits
                ($0.id, $0.name) = ("item-\(number)", "Customer name number \(number)")
                ($0.amount, $0.tags) = (Double(12_345 + 100 * index) / 100, ["alpha", "beta"])
            }
        }
    }

    func say(
        _ request: Datavault_Bench_V1_SayRequest, context: ServerContext
    ) async throws -> Datavault_Bench_V1_SayResponse {
        .with { $0.text = request.text }
    }

    func listItems(
        _ request: Datavault_Bench_V1_ListItemsRequest, context: ServerContext
    ) async throws -> Datavault_Bench_V1_ListItemsResponse { Self.items }
}
