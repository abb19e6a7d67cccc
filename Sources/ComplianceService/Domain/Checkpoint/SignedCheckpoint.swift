package import Crypto
import Foundation

/// What a log was at a moment, signed by who keeps it (C2SP tlog-checkpoint): origin, size and root hash, a line with the
/// time, and one signature.
package struct SignedCheckpoint: Sendable, Hashable {
    /// Why a text is no checkpoint that can be believed.
    package enum Failure: Error, Hashable, CustomStringConvertible {
        case malformed(String)
        case otherKey(String)
        case signature

        package var description: String {
            switch self {
            case .malformed(let what): "the checkpoint \(what)"
            case .otherKey(let line): "the checkpoint is signed with another key: \(line)"
            case .signature: "the checkpoint's signature is wrong"
            }
        }
    }

    /// Which log it is.
    package let origin: String
    /// How many leaves it has.
    package let size: Int64
    /// The tree's root.
    package let root: [UInt8]
    /// When it was signed, in seconds since 1970.
    package let time: Int64
    /// All of it.
    package let text: String

    /// Signs.
    package init(
        origin: String, size: Int64, root: [UInt8], time: Int64, name: String, key: Curve25519.Signing.PrivateKey
    ) throws {
        (self.origin, self.size, self.root, self.time) = (origin, size, root, time)
        let body = Self.body(origin, size, root, time)
        let verifier = VerifierKey(name: name, publicKey: key.publicKey)
        let signature = verifier.identifierBytes + Array(try key.signature(for: Data(body.utf8)))
        text = "\(body)\n\u{2014} \(name) \(StrictBase64.encode(signature))\n"
    }

    /// Reads a checkpoint that one of the keys has signed. Each checkpoint has one text.
    package init(_ text: String, keys: [VerifierKey]) throws(Failure) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.count == 7, lines[4].isEmpty, lines[6].isEmpty else {
            throw .malformed("has not the lines that it must have")
        }
        guard let size = Int64(lines[1]), size >= 0 else { throw .malformed("has no size") }
        guard let root = StrictBase64.decode(lines[2]), root.count == MerkleHash.size else {
            throw .malformed("has no root hash")
        }
        guard lines[3].hasPrefix("time "), let time = Int64(lines[3].dropFirst(5)) else {
            throw .malformed("has no time")
        }
        let body = Self.body(lines[0], size, root, time)
        let parts = lines[5].split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard !lines[0].isEmpty, text.utf8.starts(with: body.utf8), parts.count == 3, parts[0] == "\u{2014}",
            let signature = StrictBase64.decode(parts[2]), signature.count == 4 + 64
        else { throw .malformed("is not written as it must be") }
        let named = keys.filter { $0.name == parts[1] && $0.identifierBytes == Array(signature.prefix(4)) }
        guard !named.isEmpty else { throw .otherKey("\(parts[1])+\(Hexadecimal.text(Array(signature.prefix(4))))") }
        guard named.contains(where: { $0.isSignature(Array(signature.dropFirst(4)), of: body) }) else {
            throw .signature
        }
        (self.origin, self.size, self.root, self.time, self.text) = (lines[0], size, root, time, text)
    }

    private static func body(_ origin: String, _ size: Int64, _ root: [UInt8], _ time: Int64) -> String {
        "\(origin)\n\(size)\n\(StrictBase64.encode(root))\ntime \(time)\n"
    }
}
