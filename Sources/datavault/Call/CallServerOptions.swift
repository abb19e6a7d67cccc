import ArgumentParser
import CallTool
import Foundation
import NIOCore
import PolicyModel
import ServiceKit
import Wire

/// Which server is called, and how both sides know each other.
struct CallServerOptions: ParsableArguments {
    @Option(help: "host:port, [IPv6]:port or unix:/path.")
    var address = "127.0.0.1:7443"

    @Flag(help: "Speak HTTP/2 without TLS.")
    var plaintext = false

    @Option(
        help: "A folder of `datavault keys`, with ca.pem, the role's certificate and the gateway's signing key.",
        completion: .directory)
    var keys: String?

    @Option(name: .customLong("as"), help: "The role whose certificate of --keys is shown.")
    var role = Role.gateway.rawValue

    @Option(help: "The authorities that the server's certificate may be from (PEM).", completion: .file())
    var ca: String?

    @Option(help: "The certificate to show (PEM).", completion: .file())
    var cert: String?

    @Option(help: "The key of --cert (PEM).", completion: .file())
    var key: String?

    @Option(help: "The name that the server's certificate has to be for, if not the address.")
    var serverName: String?

    @Option(help: "The role that the server's certificate has to name; with --keys any role of the suite if left out.")
    var expectRole: String?

    @Option(help: "What roles' names begin with, if the certificate shown does not say.")
    var trustDomain: String?

    @Option(help: "How long connecting may take.")
    var connectTimeout = "5s"

    /// The role that is to answer; nil if not said.
    var expectedRole: Role? {
        get throws { try expectRole.map { try Self.role($0, "--expect-role") } }
    }

    func connection() throws -> Connection {
        var connection = try Connection(address: address, tls: plaintext ? nil : try tls())
        connection.serverName = serverName
        connection.connectTimeout = try Arguments.duration(connectTimeout, flag: "--connect-timeout")
        return connection
    }

    private func tls() throws -> TLSConfiguration {
        guard (cert == nil) == (key == nil) else {
            throw CallToolError.usage("--cert and --key go together")
        }
        var tls = TLSConfiguration()
        let folder = keys.map(KeyFolder.init)
        if let folder {
            tls.trust = .files([folder.authorityCertificate])
            tls.identities = [folder.identity(of: try Self.role(role, "--as"))]
        }
        if let ca { tls.trust = .files([ca]) }
        if let cert, let key {
            tls.identities = [TLSConfiguration.Identity(certificateChainFile: cert, privateKeyFile: key)]
        }
        if let expected = try expectedRole {
            tls.expectedPeerURIs = [try domain(tls).uri(expected)]
        } else if folder != nil, serverName == nil {
            // Whoever has a certificate of the suite: which role serves a method, the contract knows and TLS does not.
            tls.expectedPeerURIs = Role.allCases.map(try domain(tls).uri)
        }
        return tls
    }

    private func domain(_ tls: TLSConfiguration) throws -> TrustDomain {
        do {
            if let trustDomain { return try TrustDomain(trustDomain) }
            if let shown = tls.identities.first?.certificateChainFile {
                return try RoleCertificate(file: shown).trustDomain
            }
            return .standard
        } catch let error as KeyError {
            throw CallToolError.usage(
                "\(error)", next: "--trust-domain NAME, or a certificate of `datavault keys issue`")
        }
    }

    private static func role(_ text: String, _ flag: String) throws -> Role {
        guard let role = Role(rawValue: text) else {
            throw CallToolError.usage(
                "\(flag): there is no role \"\(text)\"",
                next: "the roles are \(Role.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return role
    }
}
