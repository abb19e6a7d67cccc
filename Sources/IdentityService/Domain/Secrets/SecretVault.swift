import Crypto
import ServiceKit

/// What secrets are kept with: keys derived from the root key, one for each purpose.
struct SecretVault: Sendable {
    /// Names the root key that seals now.
    var rootKeyID: String { sealer.rootKeyID }
    /// The key of the hash under which secrets of API keys are kept; gateways have it, too.
    let secretHashKey: SymmetricKey
    /// Seals kept replies.
    let replies: ReplySeal
    private let sealer: Sealer

    /// Root keys that open besides the one that seals, by their identifiers.
    let otherRootKeyIDs: [String]

    /// Derives all keys.
    init(_ ring: RootKeyRing) {
        sealer = Sealer("datavault stored secrets, v1", rootKey: ring.current, former: ring.others)
        replies = ReplySeal(ring)
        secretHashKey = ring.hashKey("datavault hashes of API keys, v1")
        otherRootKeyIDs = ring.others.map { RootKey.identifier(of: $0) }
    }

    /// Of a root key that was never rotated.
    init(rootKey: SymmetricKey) { self.init(RootKeyRing(rootKey)) }

    /// HMAC-SHA256 of a secret's whole text: 32 bytes.
    func hash(_ secret: String) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: Array(secret.utf8), using: secretHashKey))
    }

    /// - Parameter place: Where the secret will stand, for instance its key's identifier and its own.
    func seal(_ secret: [UInt8], at place: [String]) throws -> [UInt8] { try sealer.seal(secret, at: place) }

    func open(_ sealed: [UInt8], at place: [String]) throws(Sealer.Failure) -> [UInt8] {
        try sealer.open(sealed, at: place)
    }

    /// Seals with the present root key what another one has sealed; nil if there is nothing to do.
    func reseal(_ sealed: [UInt8], at place: [String]) throws -> [UInt8]? { try sealer.reseal(sealed, at: place) }

    /// The secret hash key in a form that only the same root key opens: kept, it proves at each start that the root key is
    /// the one that the store's secrets are sealed with.
    func canary() throws -> [UInt8] { try seal(hashKeyBytes, at: Self.canaryPlace) }

    /// - Throws: `VaultError` if the canary was made with another root key.
    func check(canary: [UInt8]) throws(VaultError) {
        do {
            // Other bytes would mean that hashes in the store were made with another key.
            guard try open(canary, at: Self.canaryPlace) == hashKeyBytes else { throw Sealer.Failure.damaged }
        } catch {
            throw .wrongRootKey(rootKeyID, reason: "\(error)")
        }
    }

    private static let canaryPlace = ["vault", "canary"]
    private var hashKeyBytes: [UInt8] { unsafe secretHashKey.withUnsafeBytes { unsafe Array($0) } }
}

/// Why the vault must not be used.
enum VaultError: Error, Hashable, CustomStringConvertible {
    /// The store's secrets are sealed with another root key.
    case wrongRootKey(String, reason: String)

    /// A sentence for the log, with what to do.
    var description: String {
        switch self {
        case .wrongRootKey(let id, let reason):
            "the root key \(id) is not the one that this store's secrets are sealed with (\(reason)): set "
                + "identity.root-key-file to the file with the store's own, or restore that"
        }
    }
}
