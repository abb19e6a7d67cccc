import Persistence
import Synchronization

/// The keys that access tokens are signed with, as this process knows them: read when they are first needed and by
/// `TokenKeyRotation` from then on, so that to sign asks no store and waits for nobody.
final class TokenKeyRing: Sendable {
    private struct State {
        var keys: [TokenKey] = []
        var signer: AccessTokenSigner?
    }

    /// No key is there to sign with: the clock has jumped, or another instance's has.
    struct NoKey: Error {}

    private let store: TokenKeyStore
    private let sealer: TokenKeySealer
    let schedule: TokenKeySchedule
    private let news: TokenNews
    private let now: @Sendable () -> Int64
    private let state = Mutex(State())

    /// - Parameter now: Microseconds since 1970.
    init(
        store: TokenKeyStore, sealer: TokenKeySealer, schedule: TokenKeySchedule, news: TokenNews,
        now: @escaping @Sendable () -> Int64
    ) {
        (self.store, self.sealer, self.schedule, self.news, self.now) = (store, sealer, schedule, news, now)
    }

    /// What signs now; at the first use the first key is made.
    func signer() async throws -> AccessTokenSigner {
        if let signer = try current() { return signer }
        try await advance()
        guard let signer = try current() else { throw NoKey() }
        return signer
    }

    /// The public keys, those of the past and the next rotation included, the oldest first.
    func published() async throws -> [TokenKey] {
        let known = state.withLock { $0.keys }
        if TokenKeySchedule.signing(known, now: now()) != nil { return known }
        return try await advance()
    }

    /// Makes and forgets keys as is due, and reads them all.
    @discardableResult
    func advance() async throws -> [TokenKey] {
        let keys = try await store.advance(schedule, sealer, news: news, now: now())
        state.withLock { $0.keys = keys }
        return keys
    }

    private func current() throws -> AccessTokenSigner? {
        let (known, keys) = state.withLock { ($0.signer, $0.keys) }
        guard let key = TokenKeySchedule.signing(keys, now: now()) else { return nil }
        if let known, known.keyID == key.id { return known }
        let signer = try AccessTokenSigner(keyID: key.id, key: try sealer.open(key))
        state.withLock { $0.signer = signer }
        return signer
    }
}
