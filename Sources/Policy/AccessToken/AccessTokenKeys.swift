public import Crypto
public import FoundationEssentials
import Synchronization

/// The keys that access tokens are verified with, as Identity publishes them. One for all of a process; each replacement
/// is seen at once.
public final class AccessTokenKeys: Sendable {
    /// How many keys are taken; Identity publishes some three.
    public static let maximumCount = 64

    private struct State {
        var keys: [String: Curve25519.Signing.PublicKey] = [:]
        var generation = 0
    }

    private let state = Mutex(State())

    /// Keys by their identifiers (`kid`).
    public init(_ keys: [String: Curve25519.Signing.PublicKey] = [:]) {
        state.withLock { $0.keys = keys }
    }

    /// Takes these keys and forgets all others.
    public func replace(_ keys: [String: Curve25519.Signing.PublicKey]) {
        state.withLock { state in
            state.keys = keys
            state.generation += 1
        }
    }

    /// Takes the keys of 32 bytes each by their identifiers; what is no key of Ed25519 is left out.
    public func replace(raw keys: some Sequence<(id: String, publicKey: Data)>) {
        var taken: [String: Curve25519.Signing.PublicKey] = [:]
        for key in keys where taken.count < Self.maximumCount && !key.id.isEmpty {
            taken[key.id] = try? Curve25519.Signing.PublicKey(rawRepresentation: key.publicKey)
        }
        replace(taken)
    }

    /// The key of an identifier.
    public func key(_ id: String) -> Curve25519.Signing.PublicKey? { state.withLock { $0.keys[id] } }

    /// Grows with each replacement: a verdict of an earlier one may rest on a key that is gone.
    public var generation: Int { state.withLock { $0.generation } }

    /// How many keys there are.
    public var count: Int { state.withLock { $0.keys.count } }
}
