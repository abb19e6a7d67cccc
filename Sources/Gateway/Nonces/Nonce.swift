import Crypto

/// A key's nonce: sixteen bytes of the hash of both, so that all take the same room.
struct Nonce: Hashable, Sendable {
    let bits: UInt128

    init(keyID: String, nonce: String) {
        var hash = SHA256()
        // Identifiers of keys have no NUL, so that no other pair gives the same bytes.
        hash.update(data: Array(keyID.utf8) + [0] + Array(nonce.utf8))
        bits = hash.finalize().prefix(16).reduce(0) { $0 << 8 | UInt128($1) }
    }

    /// 32 hexadecimal digits.
    var text: String {
        let digits = String(bits, radix: 16)
        return String(repeating: "0", count: 32 - digits.count) + digits
    }
}
