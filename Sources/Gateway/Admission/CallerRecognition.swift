import Policy
import Synchronization
import Wire

/// What a signature asks of a request beyond its head.
struct SignedRequest: Sendable {
    let nonce: Nonce
    /// In milliseconds since 1970.
    let created: Int64
    /// In milliseconds since 1970.
    let expires: Int64
    /// What the body has to hash to.
    let digest: ContentDigest
}

/// Finds out from a request's head who makes it.
final class CallerRecognition: Sendable {
    /// Why nobody is recognized.
    enum Refusal: Error {
        /// What is known of callers is too old.
        case unavailable
        /// Too much was tried from the address of late for anything to be looked at that takes cryptography.
        case exhausted
        /// They are wrong; the flag says whether they are those of a key that is not known.
        case credentials(RPCError, isUnknownKey: Bool = false)
        case signature(SignatureFault)

        /// Whether the same could be right once more is known of keys.
        var mayBeNew: Bool {
            switch self {
            case .credentials(_, let isUnknownKey): isUnknownKey
            case .signature(let fault): fault == .invalid
            case .unavailable, .exhausted: false
            }
        }
    }

    /// Signers that are remembered with the address that they come from.
    static let signerCacheSize = 16_384

    private let credentials: CredentialStore
    private let policy: SignaturePolicy
    private let salt = PresentedText.Salt()
    private let signers = Mutex(BoundedCache<PresentedText, Bool>(size: CallerRecognition.signerCacheSize))

    init(_ credentials: CredentialStore, signatures policy: SignaturePolicy = SignaturePolicy()) {
        (self.credentials, self.policy) = (credentials, policy)
    }

    /// Recognizes the caller; nil if the request names none.
    ///
    /// - Parameters:
    ///   - now: Milliseconds since 1970.
    ///   - mayTry: Whether the address may have credentials looked at that are not known to be good. An address from
    ///     which keys are sprayed thus costs little, and those who share it with known credentials do not feel it.
    func identify(
        _ head: RequestSummary, now: Int64, mayTry: () -> Bool
    ) throws(Refusal) -> (CredentialStore.Recognized, SignedRequest?)? {
        if let known = recall(head, now) { return (known, nil) }
        switch PresentedCredentials(head) {
        case .none: return nil
        case .ambiguous: throw .credentials(GuardErrors.ambiguous)
        case .unknownScheme: throw .credentials(GuardErrors.unknownScheme)
        case .apiKey(let text):
            do throws(CredentialStore.Refusal) {
                let recognized = try credentials.recognize(apiKey: text, now: now, mayTry: mayTry)
                head.fields?.recognized = recognized
                return (recognized, nil)
            } catch {
                throw Self.refusal(
                    error, invalid: GuardErrors.apiKeyInvalid,
                    isUnknownKey: ApiKeyText.isWellFormed(Array(text.utf8)))
            }
        case .accessToken(let text):
            do throws(CredentialStore.Refusal) {
                let recognized = try credentials.recognize(accessToken: text, now: now, mayTry: mayTry)
                head.fields?.recognized = recognized
                return (recognized, nil)
            } catch {
                throw Self.refusal(error, invalid: GuardErrors.tokenInvalid)
            }
        case .signature(let input, let signatures):
            return try identify(head, input, signatures, now, mayTry)
        }
    }

    /// Whom a key or a token was recognized as before, without a look at what is not known to be good; nil: `identify` has to
    /// find out.
    func identifyKnown(_ head: RequestSummary, now: Int64) -> CredentialStore.Recognized? {
        if let known = recall(head, now) { return known }
        let recognized: CredentialStore.Recognized?
        switch PresentedCredentials(head) {
        case .apiKey(let text): recognized = try? credentials.recognize(apiKey: text, now: now) { false }
        case .accessToken(let text): recognized = try? credentials.recognize(accessToken: text, now: now) { false }
        case .none, .signature, .ambiguous, .unknownScheme: recognized = nil
        }
        if let recognized { head.fields?.recognized = recognized }
        return recognized
    }

    /// Whom the same fields, the same bytes on the same connection, were recognized as a moment ago, if nothing has changed
    /// since. Never the maker of a signature.
    private func recall(_ head: RequestSummary, _ now: Int64) -> CredentialStore.Recognized? {
        guard let known = head.fields?.recognized, credentials.holds(known, now: now) else { return nil }
        return known
    }

    private static func refusal(
        _ error: CredentialStore.Refusal, invalid: RPCError, isUnknownKey: Bool = false
    ) -> Refusal {
        switch error {
        case .unavailable: .unavailable
        case .exhausted: .exhausted
        case .invalid: .credentials(invalid, isUnknownKey: isUnknownKey)
        case .expired: .credentials(GuardErrors.tokenExpired)
        }
    }

    private func identify(
        _ head: RequestSummary, _ input: String, _ signatures: String, _ now: Int64, _ mayTry: () -> Bool
    ) throws(Refusal) -> (CredentialStore.Recognized, SignedRequest?) {
        guard credentials.isFresh else { throw .unavailable }
        let signature: PresentedSignature
        let base: String
        let digest: ContentDigest
        do throws(SignatureFault) {
            signature = try PresentedSignature.read(input: input, signatures: signatures)
            try policy.check(signature, of: head, now: now)
            digest =
                try head.combinedField("content-digest").map { field throws(SignatureFault) in
                    try ContentDigest.read(field)
                } ?? .ofNothing
            base = try SignatureBase.make(signature.components, parameters: signature.parameters, of: head)
        } catch {
            throw .signature(error)
        }
        let signer = PresentedText("\(signature.keyID) \(head.sourceAddress)", salt)
        guard mayTry() || signers.withLock({ $0.value(signer) }) == true else { throw .exhausted }
        do throws(CredentialStore.Refusal) {
            let recognized = try credentials.recognize(
                keyID: signature.keyID, base: base, signature: signature.bytes, now: now)
            signers.withLock { $0.insert(true, for: signer) }
            let request = SignedRequest(
                nonce: Nonce(keyID: signature.keyID, nonce: signature.nonce), created: signature.created * 1_000,
                expires: signature.expires * 1_000, digest: digest)
            return (recognized, request)
        } catch {
            throw error == .unavailable ? .unavailable : .signature(.invalid)
        }
    }
}
