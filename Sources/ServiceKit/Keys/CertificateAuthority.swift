import Crypto
public import FoundationEssentials
public import PolicyModel
import SwiftASN1
import X509

/// Signs the certificates by which the suite's roles know each other.
public struct CertificateAuthority: Sendable {
    /// What its certificates' names begin with.
    public let trustDomain: TrustDomain
    /// When its own certificate ends.
    public var end: Date { certificate.notValidAfter }

    let certificate: Certificate
    /// The rest of its file: what signed it, up to a root.
    private let signers: [Certificate]
    private let key: Certificate.PrivateKey
    private let limits: KeyLimits

    /// How long an authority lasts if not said otherwise.
    public static let standardDays = 3_650
    /// How far back validity starts: clocks of peers may be behind by that much.
    static let backdating: TimeInterval = 300
    static let day: TimeInterval = 86_400

    /// Makes an authority (P-256) in a folder: `ca.pem` and `ca.key`.
    ///
    /// - Parameters:
    ///   - days: How long it lasts.
    ///   - replaces: Whether one that is there already is replaced; what it issued is no longer believed then.
    public static func create(
        in folder: KeyFolder, trustDomain: TrustDomain = .standard, days: Int = standardDays, replaces: Bool = false,
        limits: KeyLimits = KeyLimits(), now: Date = Date()
    ) async throws -> CertificateAuthority {
        try check(days, limits.authorityDays)
        let lock = try await folder.lock(limits)
        defer { extendLifetime(lock) }
        return try createLocked(folder, trustDomain, days, replaces, limits, now)
    }

    static func createLocked(
        _ folder: KeyFolder, _ trustDomain: TrustDomain, _ days: Int, _ replaces: Bool, _ limits: KeyLimits, _ now: Date
    ) throws -> CertificateAuthority {
        try folder.authority.recover(limits)
        guard replaces || !folder.authority.exist else {
            throw KeyError(
                .out,
                "\(folder.path) has an authority (ca.pem, ca.key), and peers believe what it issued; --force replaces it"
            )
        }
        let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let name = try DistinguishedName { CommonName("DataVault authority \(trustDomain.name)".prefix64) }
        let certificate = try Certificate(
            version: .v3, serialNumber: serialNumber(), publicKey: key.publicKey,
            notValidBefore: time(now, -backdating),
            notValidAfter: time(now, Double(days) * day), issuer: name, subject: name,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                SubjectKeyIdentifier(hash: key.publicKey)
                AuthorityKeyIdentifier(keyIdentifier: SubjectKeyIdentifier(hash: key.publicKey).keyIdentifier)
                SubjectAlternativeNames([.uniformResourceIdentifier(trustDomain.authorityURI)])
            }, issuerPrivateKey: key)
        try folder.authority.replace(chain: [certificate], key: key)
        return CertificateAuthority(
            trustDomain: trustDomain, certificate: certificate, signers: [], key: key, limits: limits)
    }

    /// Reads an authority: its key, its certificate, and the certificates between it and a root.
    ///
    /// - Parameter trustDomain: What names begin with; nil: as the authority's certificate says.
    public static func load(
        from folder: KeyFolder, trustDomain: TrustDomain? = nil, limits: KeyLimits = KeyLimits(), now: Date = Date()
    ) throws -> CertificateAuthority {
        let files = folder.authority
        guard files.exist else {
            throw KeyError(
                .authority,
                "there is no authority in \(folder.path); `datavault keys ca --out \(folder.path)` makes one")
        }
        let (chain, key) = try files.read(limits)
        let own = chain[0]
        guard case .isCertificateAuthority? = try own.extensions.basicConstraints else {
            throw KeyError(.authority, "the first certificate of \(files.chain) is no authority's")
        }
        guard own.notValidAfter > now else {
            throw KeyError(
                .authority,
                "the authority of \(files.chain) ended on \(day(own.notValidAfter)); make another with `datavault keys ca`"
            )
        }
        guard let domain = try trustDomain ?? own.trustDomain else {
            throw KeyError(
                .trustDomain, "\(files.chain) names no trust domain (spiffe://…); say which with --trust-domain")
        }
        return CertificateAuthority(
            trustDomain: domain, certificate: own, signers: Array(chain.dropFirst()), key: key, limits: limits)
    }

    /// Issues a certificate (P-256) to a role: `<role>.pem` and `<role>.key`, and the authority's certificate as
    /// `ca.pem` where there is none. What is there is replaced so that running servers take it without a pause.
    ///
    /// - Parameters:
    ///   - days: How long it lasts; not longer than the authority.
    ///   - names: The hosts that it is for.
    public func issue(
        _ role: Role, into folder: KeyFolder, days: Int = RoleCertificate.standardDays,
        names: CertificateNames = .loopback, now: Date = Date()
    ) async throws -> RoleCertificate {
        try Self.check(days, limits.roleDays)
        let lock = try await folder.lock(limits)
        defer { extendLifetime(lock) }
        return try issueLocked(role, folder, days, names, now)
    }

    func issueLocked(
        _ role: Role, _ folder: KeyFolder, _ days: Int, _ names: CertificateNames, _ now: Date
    ) throws -> RoleCertificate {
        let files = folder.pair(role.rawValue)
        try files.recover(limits)
        let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let issuerKey = try certificate.extensions.subjectKeyIdentifier?.keyIdentifier
        let alternatives = [.uniformResourceIdentifier(trustDomain.uri(role))] + names.generalNames
        let leaf = try Certificate(
            version: .v3, serialNumber: Self.serialNumber(), publicKey: key.publicKey,
            notValidBefore: max(Self.time(now, -Self.backdating), certificate.notValidBefore),
            notValidAfter: min(Self.time(now, Double(days) * Self.day), certificate.notValidAfter),
            issuer: certificate.subject, subject: try DistinguishedName { CommonName(role.rawValue) },
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.serverAuth, .clientAuth])
                SubjectKeyIdentifier(hash: key.publicKey)
                AuthorityKeyIdentifier(
                    keyIdentifier: issuerKey ?? SubjectKeyIdentifier(hash: certificate.publicKey).keyIdentifier)
                SubjectAlternativeNames(alternatives)
            }, issuerPrivateKey: self.key)
        // Peers have the root; what stands between it and the leaf they may have to be shown (RFC 8446, 4.4.2).
        try files.replace(chain: [leaf] + ([certificate] + signers).filter { $0.issuer != $0.subject }, key: key)
        if !DurableFile.exists(folder.authorityCertificate) {
            let text = try KeyPairFiles.text([certificate] + signers)
            try DurableFile.write(Array(text.utf8), to: folder.authorityCertificate, secret: false)
        }
        return try RoleCertificate(leaf)
    }

    /// Whether peers that read the folder's `ca.pem` believe this authority.
    public func isTrusted(in folder: KeyFolder) throws -> Bool {
        try KeyPairFiles.certificates(folder.authorityCertificate, limits).contains(certificate)
    }

    /// Whether this authority signed a certificate.
    func hasIssued(_ leaf: Certificate) -> Bool {
        leaf.issuer == certificate.subject && certificate.publicKey.isValidSignature(leaf.signature, for: leaf)
    }

    /// 128 random bits: at most 17 bytes, where RFC 5280, 4.1.2.2 allows 20.
    private static func serialNumber() -> Certificate.SerialNumber {
        var generator = SystemRandomNumberGenerator()
        return Certificate.SerialNumber(bytes: (0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) })
    }

    /// Certificates have whole seconds: never more of them than were asked for.
    private static func time(_ now: Date, _ interval: TimeInterval) -> Date {
        Date(timeIntervalSince1970: (now.timeIntervalSince1970 + interval).rounded(.down))
    }

    private static func check(_ days: Int, _ allowed: ClosedRange<Int>) throws(KeyError) {
        guard allowed.contains(days) else {
            throw KeyError(.days, "\(days) is not between \(allowed.lowerBound) and \(allowed.upperBound)")
        }
    }

    private static func day(_ date: Date) -> String { String(date.ISO8601Format().prefix(10)) }
}

extension String {
    /// A common name has 64 characters at most (RFC 5280, A.1).
    fileprivate var prefix64: String { String(prefix(64)) }
}
