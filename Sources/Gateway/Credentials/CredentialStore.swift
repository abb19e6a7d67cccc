import Crypto
import FoundationEssentials
import IdentityContract
import Policy
import Synchronization

/// What the gateway knows of credentials, and whether it may still be believed: answers at once, from memory.
final class CredentialStore: Sendable {
    /// Why credentials are refused.
    enum Refusal: Error, Hashable {
        /// Nothing has been heard for too long, or nothing at all yet.
        case unavailable
        /// It would have to be looked at with cryptography, which its address has asked for too often.
        case exhausted
        /// Malformed, unknown, over or revoked.
        case invalid
        /// The token's time is over.
        case expired
    }

    /// A caller that has been recognized.
    struct Recognized: Sendable {
        let caller: KnownCaller
        /// The secret that it was recognized by; nil for a token.
        let secret: KeySecret?
        /// Where the organization's callers may come from.
        let organizationNetworks: AddressList
        /// When it is over, in milliseconds since 1970.
        let expiresAt: Int64
        /// What was known then.
        let version: UInt64
    }

    /// Whom a text belongs to. It is held against what is known now each time, as keys change and tokens are revoked.
    private enum Verdict {
        case apiKey(KnownCaller, KeySecret)
        case accessToken(KnownCaller, AccessToken)
    }

    private struct State {
        var set: CredentialSet?
        /// Changes with the keys that tokens are signed with: a verdict of earlier ones may be wrong by now.
        var generation: UInt64 = 0
        var verdicts: BoundedCache<PresentedText, Verdict>
        /// Identity's clock minus the monotonic one when events took the least time to come, in milliseconds.
        var clockOffset: Int64?
    }

    /// How many verdicts are remembered.
    static let defaultCacheSize = 65_536

    private let state: Mutex<State>
    /// When Identity was last heard, in nanoseconds of the monotonic clock.
    private let lastHeard = Atomic<Int64>(.min)
    /// For how long that is good, in nanoseconds.
    private let silenceLimit = Atomic<Int64>(0)
    /// Changes with all that is known, after the change.
    private let version = Atomic<UInt64>(0)
    private let salt = PresentedText.Salt()
    private let clock: @Sendable () -> Int64
    /// How many hashes have been made of what was presented: what a check costs.
    let hashes = Atomic(0)
    /// Stands in for the keys that unknown identifiers do not have.
    private let noKey = SymmetricKey(size: .bits256)

    /// - Parameter clock: Nanoseconds of a clock that does not go back.
    init(cacheSize: Int = defaultCacheSize, clock: @escaping @Sendable () -> Int64 = MonotonicClock.now) {
        self.clock = clock
        state = Mutex(State(verdicts: BoundedCache(size: cacheSize)))
    }

    // MARK: Freshness

    /// Whether what is known may be believed.
    var isFresh: Bool {
        let heard = lastHeard.load(ordering: .relaxed)
        return heard != .min && clock() - heard <= silenceLimit.load(ordering: .relaxed)
    }

    /// How long ago Identity was heard, in nanoseconds; nil: never.
    var silence: Int64? {
        let heard = lastHeard.load(ordering: .relaxed)
        return heard == .min ? nil : clock() - heard
    }

    /// Begins to listen: the first event of a stream has come.
    ///
    /// - Parameter identityTime: By Identity's clock, in milliseconds since 1970: what is told next says how things were
    ///   then, however long it takes to tell.
    func begin(silenceLimitMs: Int32, identityTime: Int64) {
        silenceLimit.store(Int64(max(silenceLimitMs, 0)) * 1_000_000, ordering: .relaxed)
        let offset = identityTime &- clock() / 1_000_000
        state.withLock { $0.clockOffset = offset }
    }

    /// Notes that Identity has been heard.
    ///
    /// An event that lay somewhere on its way says how things were when it was sent: it counts from then.
    ///
    /// - Parameter identityTime: By Identity's clock, in milliseconds since 1970.
    /// - Returns: By how much it came later than others, in nanoseconds.
    @discardableResult
    func heard(identityTime: Int64) -> Int64 {
        let now = clock()
        let lag = state.withLock { state in
            let offset = identityTime &- now / 1_000_000
            let best = max(state.clockOffset ?? offset, offset)
            state.clockOffset = best
            return max(0, (best &- offset) &* 1_000_000)
        }
        // A snapshot has to be whole before anything of it counts.
        if state.withLock({ $0.set != nil }) { lastHeard.store(now &- lag, ordering: .relaxed) }
        return lag
    }

    // MARK: Changes

    /// Takes a whole set in the place of what was known.
    func replace(_ set: CredentialSet) {
        state.withLock { state in
            state.set = set
            state.generation &+= 1
            state.verdicts.removeAll()
            version.wrappingAdd(1, ordering: .releasing)
        }
    }

    /// Takes a change in.
    func apply(_ event: Datavault_Identity_V1_CredentialEvent.OneOf_Event, now: Int64) throws(CredentialSet.Fault) {
        let fault: CredentialSet.Fault? = state.withLock { state in
            defer { version.wrappingAdd(1, ordering: .releasing) }
            if case .tokenKeys = event {
                state.generation &+= 1
                state.verdicts.removeAll()
            }
            do throws(CredentialSet.Fault) {
                // In place: a copy of all keys for each change would be dear.
                try state.set?.apply(event, now: now)
                return nil
            } catch {
                return error
            }
        }
        if let fault { throw fault }
    }

    /// How many keys are known.
    var keyCount: Int { state.withLock { $0.set?.keyCount ?? 0 } }

    // MARK: Recognition

    /// Whether what was found out still holds: nothing has been told since, and no time is over.
    func holds(_ recognized: Recognized, now: Int64) -> Bool {
        recognized.version == version.load(ordering: .acquiring) && now < recognized.expiresAt && isFresh
    }

    /// Recognizes the sender of an API key's text.
    ///
    /// - Parameters:
    ///   - now: Milliseconds since 1970.
    ///   - mayTry: Whether a text that is not known to be good may be looked at.
    func recognize(
        apiKey text: String, now: Int64, mayTry: () -> Bool = { true }
    ) throws(Refusal) -> Recognized {
        guard isFresh else { throw .unavailable }
        let presented = PresentedText(text, salt)
        let (known, hashKey) = state.withLock { (recall(presented, isToken: false, &$0, now), $0.set?.hashKey) }
        if let known { return try known.get() }
        guard mayTry() else { throw .exhausted }
        // Cryptography happens outside the lock.
        let bytes = Array(text.utf8)
        guard let hashKey, ApiKeyText.isWellFormed(bytes) else { throw .invalid }
        hashes.add(1, ordering: .relaxed)
        guard let digest = SecretDigest(Array(HMAC<SHA256>.authenticationCode(for: bytes, using: hashKey)))
        else { throw .invalid }
        return try state.withLock { state in
            guard let set = state.set, let owner = set.owner(of: digest) else {
                return Result<Recognized, Refusal>.failure(.invalid)
            }
            let verdict = Verdict.apiKey(owner.caller, owner.secret)
            let recognized = self.recognized(verdict, set, now)
            // What has ended is hashed each time, as what is unknown is: time does not tell them apart.
            if case .success = recognized { state.verdicts.insert(verdict, for: presented) }
            return recognized
        }.get()
    }

    /// Recognizes the bearer of an access token.
    func recognize(
        accessToken text: String, now: Int64, mayTry: () -> Bool = { true }
    ) throws(Refusal) -> Recognized {
        guard isFresh else { throw .unavailable }
        let presented = PresentedText(text, salt)
        let (known, verifier, generation) = state.withLock { state in
            (recall(presented, isToken: true, &state, now), state.set?.tokens, state.generation)
        }
        if let known { return try known.get() }
        guard mayTry() else { throw .exhausted }
        guard let verifier else { throw .invalid }
        let token: AccessToken
        do throws(AccessTokenVerifier.Refusal) { token = try verifier.verify(text, now: now) } catch {
            throw error == .expired ? .expired : .invalid
        }
        let caller = KnownCaller(
            organization: token.organization, subject: token.subject, kind: .user, permissions: token.permissions,
            expiresAt: token.expiresAt)
        return try state.withLock { state in
            guard let set = state.set else { return Result<Recognized, Refusal>.failure(.invalid) }
            let verdict = Verdict.accessToken(caller, token)
            // A key may have been withdrawn while the signature was verified.
            if state.generation == generation { state.verdicts.insert(verdict, for: presented) }
            return recognized(verdict, set, now)
        }.get()
    }

    private func recall(
        _ presented: PresentedText, isToken: Bool, _ state: inout State, _ now: Int64
    ) -> Result<Recognized, Refusal>? {
        guard let verdict = state.verdicts.value(presented) else { return nil }
        switch verdict {
        case .apiKey(let caller, let secret):
            // If the key has changed since, its secrets are looked up anew.
            guard !isToken, state.set?.key(secret.keyID)?.caller === caller, now < caller.expiresAt,
                now < secret.expiresAt
            else { return nil }
        case .accessToken:
            // A token in the place of a key is no key, however good it is.
            guard isToken else { return nil }
        }
        guard let set = state.set else { return nil }
        return recognized(verdict, set, now)
    }

    private func recognized(
        _ verdict: Verdict, _ set: CredentialSet, _ now: Int64
    ) -> Result<Recognized, Refusal> {
        // Under the lock, so that it is the set's.
        let version = version.load(ordering: .relaxed)
        switch verdict {
        case .apiKey(let caller, let secret):
            guard now < caller.expiresAt, now < secret.expiresAt else { return .failure(.invalid) }
            return .success(
                Recognized(
                    caller: caller, secret: secret, organizationNetworks: set.networks(of: caller.organization),
                    expiresAt: min(caller.expiresAt, secret.expiresAt), version: version))
        case .accessToken(let caller, let token):
            guard !set.isRevoked(token) else { return .failure(.invalid) }
            guard now < token.expiresAt else { return .failure(.expired) }
            return .success(
                Recognized(
                    caller: caller, secret: nil, organizationNetworks: set.networks(of: caller.organization),
                    expiresAt: min(caller.expiresAt, token.expiresAt), version: version))
        }
    }

    /// Recognizes the maker of a signature: by the newest signing secret, or an older one in its overlap.
    ///
    /// - Parameters:
    ///   - base: What was signed.
    ///   - signature: The signature's bytes.
    func recognize(
        keyID: String, base: String, signature: [UInt8], now: Int64
    ) throws(Refusal) -> Recognized {
        guard isFresh else { throw .unavailable }
        let (key, networks) = state.withLock { state in
            let key = state.set?.key(keyID)
            return (key, key.flatMap { state.set?.networks(of: $0.caller.organization) } ?? .everywhere)
        }
        let base = Array(base.utf8)
        let secrets = key?.signingSecrets.filter { now < $0.expiresAt } ?? []
        for secret in secrets {
            guard let signingKey = secret.signingKey else { continue }
            hashes.add(1, ordering: .relaxed)
            guard HMAC<SHA256>.isValidAuthenticationCode(signature, authenticating: base, using: signingKey)
            else { continue }
            guard let key, now < key.caller.expiresAt else { throw .invalid }
            // Each signature is another one.
            return Recognized(
                caller: key.caller, secret: secret, organizationNetworks: networks, expiresAt: .min, version: 0)
        }
        // An unknown key takes as long as a known one, which has two secrets at most.
        for _ in secrets.count..<max(2, secrets.count) {
            hashes.add(1, ordering: .relaxed)
            _ = HMAC<SHA256>.isValidAuthenticationCode(signature, authenticating: base, using: noKey)
        }
        throw .invalid
    }
}
