public import FoundationEssentials
public import PolicyModel
import X509

/// All keys of a suite that runs on one machine for development: an authority, a certificate for each role, the root key
/// and the key that signs principals.
public struct DevelopmentKeys: Sendable {
    /// Where they lie.
    public let folder: KeyFolder
    /// What the roles' names begin with.
    public let trustDomain: TrustDomain
    /// The roles' certificates.
    public let certificates: [Role: RoleCertificate]
    /// The key that the gateway signs principals with.
    public let principal: PrincipalKeyPair
    /// What was made or renewed, as sentences for the log; empty if all was there.
    public let changes: [String]

    /// Makes what is missing, renews what ends within a third of its life, and leaves the rest.
    ///
    /// Two processes may do so at once, and one that was killed half way leaves nothing that the next does not mend.
    ///
    /// - Parameters:
    ///   - folder: Made with mode 0700 if it is missing.
    ///   - roles: Who needs a certificate.
    ///   - names: The hosts that the certificates are for.
    public static func prepare(
        in folder: KeyFolder, roles: [Role] = Role.allCases, trustDomain: TrustDomain = .standard,
        names: CertificateNames = .loopback, limits: KeyLimits = KeyLimits(), now: Date = Date()
    ) async throws -> DevelopmentKeys {
        let lock = try await folder.lock(limits)
        defer { extendLifetime(lock) }
        var changes: [String] = []
        let authority = try authority(folder, trustDomain, limits, now, &changes)
        var certificates: [Role: RoleCertificate] = [:]
        for role in roles {
            certificates[role] = try certificate(role, folder, authority, names, limits, now, &changes)
        }
        return DevelopmentKeys(
            folder: folder, trustDomain: authority.trustDomain, certificates: certificates,
            principal: try secrets(folder, limits, &changes), changes: changes)
    }

    private static func authority(
        _ folder: KeyFolder, _ trustDomain: TrustDomain, _ limits: KeyLimits, _ now: Date, _ changes: inout [String]
    ) throws -> CertificateAuthority {
        try folder.authority.recover(limits)
        if folder.authority.exist {
            let (chain, _) = try folder.authority.read(limits)
            // One that has ended helps nobody: here nothing outlives it that could not be issued anew.
            if chain[0].notValidAfter > now {
                return try CertificateAuthority.load(from: folder, limits: limits, now: now)
            }
        }
        changes.append("made an authority for \(trustDomain) in \(folder.authorityCertificate)")
        return try CertificateAuthority.createLocked(
            folder, trustDomain, CertificateAuthority.standardDays, true, limits, now)
    }

    private static func certificate(
        _ role: Role, _ folder: KeyFolder, _ authority: CertificateAuthority, _ names: CertificateNames,
        _ limits: KeyLimits, _ now: Date, _ changes: inout [String]
    ) throws -> RoleCertificate {
        let files = folder.pair(role.rawValue)
        try files.recover(limits)
        if let (chain, _) = try? files.read(limits), let present = try? RoleCertificate(chain[0]), present.role == role,
            present.trustDomain == authority.trustDomain, authority.hasIssued(chain[0]), !present.isDue(at: now)
        {
            return present
        }
        changes.append("\(files.exist ? "renewed" : "made") the certificate of \(role.rawValue)")
        return try authority.issueLocked(role, folder, RoleCertificate.standardDays, names, now)
    }

    private static func secrets(
        _ folder: KeyFolder, _ limits: KeyLimits, _ changes: inout [String]
    ) throws -> PrincipalKeyPair {
        if !DurableFile.exists(folder.rootKey) {
            try RootKey.createLocked(folder.rootKey)
            changes.append("made the root key \(folder.rootKey)")
        }
        _ = try RootKey.ring(file: folder.rootKey, limits: limits)
        guard DurableFile.exists(folder.principalKey) else {
            changes.append("made the gateway's signing key \(folder.principalKey)")
            return try PrincipalKeyPair.createLocked(folder, limits)
        }
        let pair = try PrincipalKeyPair.load(from: folder, limits: limits)
        if !DurableFile.exists(folder.principalPublicKey) { try pair.writePublic(folder) }
        return pair
    }
}
