import Crypto
import Foundation

/// The hashes that a log's tree is made of: SHA-256 with a byte before it that tells leaves from nodes, so that neither
/// can pass for the other (RFC 6962, 2.1).
package enum MerkleHash {
    /// Bytes of a hash.
    package static let size = 32
    /// The hash of a tree without leaves.
    package static let empty = Array(SHA256.hash(data: Data()))

    /// The hash of a leaf.
    package static func leaf(_ bytes: [UInt8]) -> [UInt8] {
        var hash = SHA256()
        hash.update(data: [0])
        hash.update(data: bytes)
        return Array(hash.finalize())
    }

    /// The hash of a node with two children.
    package static func node(_ left: [UInt8], _ right: [UInt8]) -> [UInt8] {
        var hash = SHA256()
        hash.update(data: [1])
        hash.update(data: left)
        hash.update(data: right)
        return Array(hash.finalize())
    }

    /// The hash over perfect subtrees that stand beside each other, from the largest to the smallest.
    package static func fold(_ hashes: [[UInt8]]) -> [UInt8] {
        guard var result = hashes.last else { return empty }
        for hash in hashes.dropLast().reversed() { result = node(hash, result) }
        return result
    }
}
