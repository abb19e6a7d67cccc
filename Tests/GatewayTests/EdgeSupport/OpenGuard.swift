import Crypto
import Gateway
import Policy
import PolicyModel
import Synchronization
import Wire

/// Lets everyone in as one principal, which a real key signs; for tests of what comes before and after a guard.
final class OpenGuard: RequestGuard {
    static let organization = "11111111-1111-4111-8111-111111111111"
    static let subject = "users/ada"
    static let keyID = "edge-tests"

    let key = Curve25519.Signing.PrivateKey()
    /// What bodies have to hash to; nil: anything.
    let digest: ContentDigest?
    private let refusal: RPCError?
    /// What callers are refused with once their service has recorded it; nil: they are let in.
    private let denial: RPCError?
    /// Requests that were admitted, and those that were confirmed.
    let counts = Mutex((admitted: 0, confirmed: 0))
    let summaries = Mutex<[RequestSummary]>([])

    /// How requests reached the edge, and from where.
    var schemes: [String] { summaries.withLock { $0.map(\.scheme) } }
    var sources: [String] { summaries.withLock { $0.map(\.sourceAddress) } }

    /// Whether it answers at once, as a guard does that has seen the caller before; else it has to be waited for.
    private let isPrompt: Bool

    init(
        digest: ContentDigest? = nil, refusal: RPCError? = nil, denial: RPCError? = nil, isPrompt: Bool = true
    ) {
        (self.digest, self.refusal, self.denial) = (digest, refusal, denial)
        self.isPrompt = isPrompt && denial == nil
    }

    private struct Let: Admission {
        let organization: String? = OpenGuard.organization
        let subject: String? = OpenGuard.subject
        let digest: ContentDigest?
        let responseHeaders = [(name: "ratelimit", value: "\"key\";r=9;t=60")]
        let method: AdmittedMethod
        let guardian: OpenGuard
        let source: String
        var denial: RPCError? { guardian.denial }
        var mustBeConfirmed: Bool { digest != nil }

        func confirm() async throws(RPCError) { guardian.counts.withLock { $0.confirmed += 1 } }

        func principal() throws(RPCError) -> [UInt8]? {
            let now = WallTime.milliseconds()
            var permissions: Set<String> = []
            if case .permission(let name) = method.access, denial == nil { permissions = [name] }
            let principal = VerifiedPrincipal(
                organization: OpenGuard.organization, subject: OpenGuard.subject, kind: .user,
                permissions: permissions, sourceAddress: source, strength: .bearer, audience: method.role,
                method: method.path, issuedAt: now, expiresAt: now + 30_000, keyID: OpenGuard.keyID)
            do { return try PrincipalSigner(key: guardian.key, keyID: OpenGuard.keyID).sign(principal) } catch {
                throw RPCError(code: .internal, message: "\(error)")
            }
        }
    }

    func admit(_ head: RequestSummary, to method: AdmittedMethod) async throws(RPCError) -> any Admission {
        if let refusal { throw refusal }
        counts.withLock { $0.admitted += 1 }
        summaries.withLock { $0.append(head) }
        return Let(digest: digest, method: method, guardian: self, source: head.sourceAddress)
    }

    func admitNow(_ head: RequestSummary, to method: AdmittedMethod) throws(RPCError) -> (any Admission)? {
        guard isPrompt, refusal == nil else { return nil }
        counts.withLock { $0.admitted += 1 }
        summaries.withLock { $0.append(head) }
        return Let(digest: digest, method: method, guardian: self, source: head.sourceAddress)
    }

    /// The verifier of a service that believes this guard.
    var verifier: PrincipalVerifier {
        PrincipalVerifier(
            keys: PrincipalKeys([
                Self.keyID: PrincipalKeys.Key(publicKey: key.publicKey, certificateFingerprint: nil)
            ]))
    }
}
