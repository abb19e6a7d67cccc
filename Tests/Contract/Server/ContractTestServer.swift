import Crypto
import Foundation
import Logging
import NIOCore
import Policy
import PolicyModel
import TestContractProtos
import UnixSignals
import Wire

/// Serves the library over mutual TLS with the policy layer in front, in the role of the pipeline.
///
///     contract-test-server FOLDER
///
/// FOLDER holds `server.pem`, `server.key` and `ca.pem`, `principal.pub` (32 bytes, Ed25519) and `gateway.sha256` (the
/// fingerprint of the gateway's certificate). Prints `listening N` once port N takes connections; logs messages,
/// masked, to standard error; ends on SIGTERM.
@main
enum ContractTestServer {
    static let keyID = "gateway-1"

    static func main() async throws {
        guard CommandLine.arguments.count == 2 else {
            print("usage: contract-test-server FOLDER")
            exit(64)
        }
        let folder = CommandLine.arguments[1]
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        let server = Server(
            services: [
                LibraryHandler(), HealthService(services: ["datavault.test.v1.LibraryService"]),
                try ReflectionService(base64DescriptorSet: TestDescriptors.base64),
            ],
            interceptors: PolicyLayer.interceptors(try policy(folder)))
        let identity = TLSConfiguration.Identity(
            certificateChainFile: "\(folder)/server.pem", privateKeyFile: "\(folder)/server.key")
        let tls = TLSConfiguration(
            identities: [identity], trust: .files(["\(folder)/ca.pem"]), clientVerification: .required)
        let address = try await server.listen(
            .tcp(host: "127.0.0.1", port: 0), tls: try TLSContext(configuration: tls, role: .server))
        guard case .tcp(_, let port) = address else { return }
        FileHandle.standardOutput.write(Data("listening \(port)\n".utf8))
        for await _ in signals { break }
        await server.drain(grace: .seconds(1))
    }

    private static func policy(_ folder: String) throws -> PolicyConfiguration {
        let key = try Data(contentsOf: URL(filePath: "\(folder)/principal.pub"))
        let fingerprint = try String(contentsOf: URL(filePath: "\(folder)/gateway.sha256"), encoding: .utf8)
        let keys = PrincipalKeys([
            keyID: PrincipalKeys.Key(
                publicKey: try Curve25519.Signing.PublicKey(rawRepresentation: key),
                certificateFingerprint: fingerprint)
        ])
        var policy = PolicyConfiguration(
            trustDomain: "datavault.test", role: .pipeline, verifier: PrincipalVerifier(keys: keys))
        policy.logger = Logger(label: "contract-test-server") { StreamLogHandler.standardError(label: $0) }
        policy.logger.logLevel = .debug
        return policy
    }
}
