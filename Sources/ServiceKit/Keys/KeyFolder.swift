public import PolicyModel
public import Wire

/// Where the keys and certificates of a suite lie in a folder.
public struct KeyFolder: Sendable, Hashable {
    /// The folder's path.
    public let path: String

    /// Names a folder, which need not exist yet.
    public init(_ path: String) {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        self.path = path
    }

    /// The authorities that peers' certificates may come from.
    public var authorityCertificate: String { "\(path)/ca.pem" }
    /// The key that signs certificates: needed to issue, never to serve.
    public var authorityKey: String { "\(path)/ca.key" }
    /// The root key that stored secrets are sealed with.
    public var rootKey: String { "\(path)/root.key" }
    /// The gateway's key that signs principals.
    public var principalKey: String { "\(path)/principal.key" }
    /// Its public half, which Identity lists.
    public var principalPublicKey: String { "\(path)/principal.pub" }

    /// A role's certificate and key.
    public func identity(of role: Role) -> TLSConfiguration.Identity {
        pair(role.rawValue).identity
    }

    /// How a role speaks TLS with files of this folder: peers need a certificate of the folder's authorities.
    ///
    /// - Parameter expected: The roles that a client may meet at the other end; empty: those that its server name is for.
    public func tls(for role: Role, expecting expected: [Role] = [], trustDomain: TrustDomain) -> TLSConfiguration {
        TLSConfiguration(
            identities: [identity(of: role)], trust: .files([authorityCertificate]), clientVerification: .required,
            expectedPeerURIs: expected.map(trustDomain.uri))
    }

    var authority: KeyPairFiles { pair("ca") }

    func pair(_ name: String) -> KeyPairFiles {
        KeyPairFiles(chain: "\(path)/\(name).pem", key: "\(path)/\(name).key")
    }

    /// Makes the folder, where it is missing, and keeps others out of it.
    func lock(_ limits: KeyLimits) async throws -> FolderLock {
        try DurableFile.makeFolder(path)
        return try await FolderLock(path, timeout: limits.lockTimeout)
    }
}
