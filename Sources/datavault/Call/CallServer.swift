import CallTool
import PolicyModel
import ServiceKit
import Wire

/// The server that the options of a call come to.
struct CallServer {
    let connection: Connection
    /// The folder that certificates and the signing key are taken from; nil: none.
    let keys: String?
    /// The role that is to answer; nil if not said.
    let role: Role?

    /// - Parameter method: What is called, as it was written: its package may name the role.
    init(_ options: CallServerOptions, method: String?) throws {
        var options = options
        var role = try options.expectRole.map { try Self.role($0, "--expect-role") }
        if let address = options.address {
            guard options.role == nil else { throw CallToolError.usage("--to and --address exclude each other") }
            connection = try Self.connection(address, options, role)
        } else {
            let settings = try options.settings.settings()
            let called = try CalledRole.definition(options.role, method)
            if !options.plaintext {
                if options.keys == nil, options.ca == nil {
                    options.keys = "\(settings[SuiteSettings.dataFolder])/keys"
                }
                if options.keys != nil, options.serverName == nil { role = role ?? called.role }
            }
            connection = try Self.connection(
                try Self.dialled(settings[called.settings.listen], called.name), options, role)
        }
        (keys, self.role) = (options.keys, role)
    }

    /// Where to reach what listens at an address.
    private static func dialled(_ address: SocketAddress, _ name: String) throws -> String {
        guard case .tcp(let host, let port) = address.address else { return address.settingText }
        guard port != 0 else {
            throw CallToolError.usage(
                "the settings let \(name) listen on any free port", next: "--address says which it is")
        }
        switch host {
        case "0.0.0.0": return "127.0.0.1:\(port)"
        case "::": return "[::1]:\(port)"
        default: return address.settingText
        }
    }

    private static func connection(
        _ address: String, _ options: CallServerOptions, _ expected: Role?
    ) throws -> Connection {
        var connection = try Connection(address: address, tls: options.plaintext ? nil : try tls(options, expected))
        connection.serverName = options.serverName
        connection.connectTimeout = try Arguments.duration(options.connectTimeout, flag: "--connect-timeout")
        return connection
    }

    private static func tls(_ options: CallServerOptions, _ expected: Role?) throws -> TLSConfiguration {
        guard (options.cert == nil) == (options.key == nil) else {
            throw CallToolError.usage("--cert and --key go together")
        }
        var tls = TLSConfiguration()
        let folder = options.keys.map(KeyFolder.init)
        if let folder {
            tls.trust = .files([folder.authorityCertificate])
            tls.identities = [folder.identity(of: try role(options.shownRole, "--as"))]
        }
        if let ca = options.ca { tls.trust = .files([ca]) }
        if let cert = options.cert, let key = options.key {
            tls.identities = [TLSConfiguration.Identity(certificateChainFile: cert, privateKeyFile: key)]
        }
        if let expected {
            tls.expectedPeerURIs = [try domain(tls, options).uri(expected)]
        } else if folder != nil, options.serverName == nil {
            // Whoever has a certificate of the suite: which role serves a method, the contract knows and TLS does not.
            tls.expectedPeerURIs = Role.allCases.map(try domain(tls, options).uri)
        }
        return tls
    }

    private static func domain(_ tls: TLSConfiguration, _ options: CallServerOptions) throws -> TrustDomain {
        do {
            if let name = options.trustDomain { return try TrustDomain(name) }
            if let shown = tls.identities.first?.certificateChainFile {
                return try RoleCertificate(file: shown).trustDomain
            }
            return .standard
        } catch let error as KeyError where error.input == .trustDomain {
            throw CallToolError.usage("--\(error)")
        } catch let error as KeyError {
            throw CallToolError.usage(
                error.message,
                next: "`datavault up` and `datavault keys` make certificates; --keys DIR says where they are")
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
