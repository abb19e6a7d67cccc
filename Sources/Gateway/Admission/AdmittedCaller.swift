import Policy
import Wire

/// A request of somebody known.
final class AdmittedCaller: Admission {
    private let caller: KnownCaller
    private let signature: SignedRequest?
    private let decision: LimitDecision
    private let method: AdmittedMethod
    private let source: String
    private let guardian: CallerGuard
    let denial: RPCError?

    init(
        caller: KnownCaller, signature: SignedRequest?, decision: LimitDecision, method: AdmittedMethod,
        source: String, guardian: CallerGuard, denial: RPCError? = nil
    ) {
        (self.caller, self.signature, self.decision) = (caller, signature, decision)
        (self.method, self.source, self.guardian, self.denial) = (method, source, guardian, denial)
    }

    var organization: String? { caller.organization }
    var subject: String? { caller.subject }
    var digest: ContentDigest? { signature?.digest }
    var mustBeConfirmed: Bool { signature != nil }
    var responseHeaders: [(name: String, value: String)] { LimitFields.headers(decision) }

    func confirm() async throws(RPCError) {
        guard let signature else { return }
        // What was accepted before it was made could be sent again to a gateway that starts in between: that one goes by
        // the time of making. So it waits until then, which is as long as the client's clock is ahead.
        let ahead = signature.created - guardian.parts.now()
        if ahead > 0 {
            do { try await Task.sleep(for: .milliseconds(ahead)) } catch {
                throw RPCError(code: .cancelled, message: "the call was cancelled")
            }
        }
        let verdict = await guardian.parts.nonces.use(
            signature.nonce, created: signature.created, expires: signature.expires)
        switch verdict {
        case .fresh: return
        case .used: throw GuardErrors.signature(.replayed)
        case .tooOld: throw GuardErrors.signature(.stale("the signature was made before this gateway started"))
        case .unavailable: throw GuardErrors.noncesUnavailable
        }
    }

    func principal() throws(RPCError) -> [UInt8]? { try signed().bytes }

    func metadata(from source: String) throws(RPCError) -> PreparedMetadata? {
        // What is kept speaks of the address that was admitted.
        source == self.source ? try signed().metadata : nil
    }

    private func signed() throws(RPCError) -> PrincipalMint.Signed {
        do throws(PrincipalMint.Refusal) {
            return try guardian.parts.principals.signed(
                caller, for: method, from: source, strength: signature == nil ? .bearer : .signed,
                now: guardian.parts.now())
        } catch {
            throw GuardErrors.principal(error)
        }
    }
}

/// A request of somebody unknown to a public method.
struct AdmittedUnknown: Admission {
    let decision: LimitDecision

    var organization: String? { nil }
    var subject: String? { nil }
    var digest: ContentDigest? { nil }
    var mustBeConfirmed: Bool { false }
    var responseHeaders: [(name: String, value: String)] { LimitFields.headers(decision) }

    func confirm() async throws(RPCError) {}
    func principal() throws(RPCError) -> [UInt8]? { nil }
}
