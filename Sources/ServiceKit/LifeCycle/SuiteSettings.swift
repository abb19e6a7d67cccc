import PolicyModel

/// What holds for every role of a process.
public enum SuiteSettings {
    /// `data.folder`
    public static let dataFolder = SettingKey(
        "data.folder", default: "datavault-data",
        "Where embedded databases, keys and files lie that no other setting names. Made with mode 0700 if missing.",
        mustBe: "a path"
    ) { !$0.isEmpty && !$0.utf8.contains(0) }
    /// `trust.domain`
    public static let trustDomain = SettingKey(
        "trust.domain", default: "datavault.local",
        "The trust domain of the suite's certificates, whose URI names are `spiffe://DOMAIN/ROLE`.",
        mustBe: "a host name in lower case"
    ) { name in
        !name.isEmpty && name.utf8.count <= 253
            && name.utf8.allSatisfy {
                ($0 >= 0x61 && $0 <= 0x7A) || ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x2D || $0 == 0x2E
            }
    }
    /// `trust.principal-keys`
    public static let principalKeys = SettingKey(
        "trust.principal-keys", default: [String](),
        "Files with public keys of gateways (`principal.pub`) that are believed whatever Identity lists, from a gateway's certificate, so that a role can start and serve while Identity is away.",
        mustBe: "paths"
    ) { $0.count <= 64 && $0.allSatisfy { !$0.isEmpty && !$0.utf8.contains(0) } }
    /// `shutdown.grace`
    public static let grace = SettingKey(
        "shutdown.grace", default: Duration.seconds(30), in: .zero...Duration.seconds(3_600),
        "How long calls and jobs in hand may go on once the process was told to end; then they are cancelled.")
    /// `shutdown.delay`
    public static let delay = SettingKey(
        "shutdown.delay", default: Duration.zero, in: .zero...Duration.seconds(600),
        "From \"not ready\" to the end of listening, so that load balancers see it first.")
    /// `threads`
    public static let threads = SettingKey(
        "threads", default: 0, in: 0...1_024, "Event loops of the process; 0: one for each core.")

    /// The section for a schema.
    public static let section = SettingsSchema.Section(
        "Process", "What holds for every role of a process.",
        [
            dataFolder.declaration, trustDomain.declaration, principalKeys.declaration, grace.declaration,
            delay.declaration, threads.declaration,
        ])
}

/// What every role has settings for.
public struct RoleSettings: Sendable {
    /// The role's name in settings.
    public let name: String
    /// Where its RPCs are served.
    public let listen: SettingKey<SocketAddress>
    /// Where operators ask.
    public let admin: SettingKey<SocketAddress>
    /// Who may sign its peers.
    public let authorityFile: SettingKey<String>
    /// Who it is.
    public let certificateFile: SettingKey<String>
    /// The proof of that.
    public let keyFile: SettingKey<String>
    /// Its database; nil for a role that keeps nothing.
    public let store: StoreSettings?
    /// Its jobs and messages; nil for a role that keeps nothing.
    public let jobs: JobSettings?

    /// The settings of a role.
    ///
    /// - Parameters:
    ///   - port: Of RPCs; operators' port is 100 above it.
    ///   - hasStore: Whether it has a database.
    ///   - serves: What it serves at its port, as a sentence.
    init(
        _ name: String, role: Role, port: Int, hasStore: Bool = true,
        serves: String = "Where RPCs are served, over mutual TLS."
    ) {
        self.name = name
        listen = SettingKey("\(name).listen", default: .loopback(port), "\(serves) Port 0: any free one.")
        admin = SettingKey(
            "\(name).admin.listen", default: .loopback(port + 100),
            "Where `/livez`, `/readyz` and `/metrics` are served, in cleartext: keep it in a trusted network.")
        authorityFile = SettingKey(
            "\(name).tls.ca-file", default: "",
            "The authorities that peers' certificates come from. Empty: `keys/ca.pem` in `data.folder`.")
        certificateFile = SettingKey(
            "\(name).tls.certificate-file", default: "",
            "The role's certificate with its chain. Empty: `keys/\(role.rawValue).pem` in `data.folder`.")
        keyFile = SettingKey(
            "\(name).tls.key-file", default: "",
            "The certificate's private key. Empty: `keys/\(role.rawValue).key` in `data.folder`. Files are read again when they change."
        )
        store = hasStore ? StoreSettings(role: name) : nil
        jobs = hasStore ? JobSettings(role: name) : nil
    }

    /// The section for a schema.
    ///
    /// - Parameter more: What the role adds of its own.
    public func section(_ more: [SettingDeclaration]) -> SettingsSchema.Section {
        SettingsSchema.Section(
            "Role \(name)", "What `datavault serve \(name)` reads.",
            [
                listen.declaration, admin.declaration, authorityFile.declaration, certificateFile.declaration,
                keyFile.declaration,
            ] + (store?.declarations ?? []) + (jobs?.declarations ?? []) + more)
    }
}
