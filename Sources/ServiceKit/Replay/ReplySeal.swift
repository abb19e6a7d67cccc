public import Crypto
import Foundation
import Wire

/// Keeps secrets of repeatable calls out of the table of replies.
///
/// The reply is encrypted and opens for the same organization, caller and `request_id` only. The request's hash is keyed,
/// or a password in a request could be guessed by it.
public struct ReplySeal: Sendable {
    private let sealer: Sealer
    private let hashKey: SymmetricKey

    /// Derives its keys from the root key. Replies that another root key sealed do not open: give those as `former` for as
    /// long as replies are kept.
    public init(rootKey: SymmetricKey, former: [SymmetricKey] = []) {
        sealer = Sealer("datavault kept replies, v1", rootKey: rootKey, former: former)
        hashKey = RootKey.derive("datavault hashes of kept requests, v1", from: rootKey)
    }

    /// Derives its keys from what a root key's file holds.
    public init(_ ring: RootKeyRing) {
        sealer = Sealer("datavault kept replies, v1", rootKey: ring.current, former: ring.others)
        hashKey = ring.hashKey("datavault hashes of kept requests, v1")
    }

    func reseal(_ kept: [UInt8], at place: [String]) throws -> [UInt8]? { try sealer.reseal(kept, at: place) }

    func seal(_ reply: [UInt8], at place: [String]) throws -> [UInt8] { try sealer.seal(reply, at: place) }

    func open(_ kept: [UInt8], at place: [String]) throws -> [UInt8] {
        do { return try sealer.open(kept, at: place) } catch {
            var failure = RPCError(
                code: .internal, message: "the reply that is kept under this request_id cannot be read")
            failure.cause = error
            throw failure
        }
    }

    func hash(_ request: [UInt8]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: request, using: hashKey))
    }
}
