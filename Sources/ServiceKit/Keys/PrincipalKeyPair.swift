public import Crypto
import FoundationEssentials
public import Policy
import SwiftASN1
import X509

/// The gateway's Ed25519 key that signs principals, in PEM files: `principal.key` (PKCS #8, mode 0600) and
/// `principal.pub`, which Identity lists.
public struct PrincipalKeyPair: Sendable {
    /// The secret half.
    public let privateKey: Curve25519.Signing.PrivateKey

    /// The half that verifies.
    public var publicKey: Curve25519.Signing.PublicKey { privateKey.publicKey }
    /// How the key is listed: made of its public half, so that nobody has to choose.
    public var keyID: String { Self.keyID(of: publicKey) }
    /// Signs principals with the key.
    public var signer: PrincipalSigner { PrincipalSigner(key: privateKey, keyID: keyID) }

    /// Makes a pair in a folder.
    ///
    /// - Throws: `KeyError` if there is one: Identity lists it.
    public static func create(in folder: KeyFolder, limits: KeyLimits = KeyLimits()) async throws -> PrincipalKeyPair {
        let lock = try await folder.lock(limits)
        defer { extendLifetime(lock) }
        return try createLocked(folder, limits)
    }

    static func createLocked(_ folder: KeyFolder, _ limits: KeyLimits) throws -> PrincipalKeyPair {
        guard !DurableFile.exists(folder.principalKey) else {
            throw KeyError(
                .out, "\(folder.principalKey) exists, and services believe what it signs; it is not replaced")
        }
        let pair = PrincipalKeyPair(privateKey: Curve25519.Signing.PrivateKey())
        // The secret half last: the pair is there once it is, and the public one can be made of it.
        try pair.writePublic(folder)
        let text = try Certificate.PrivateKey(pair.privateKey).serializeAsPEM().pemString + "\n"
        try DurableFile.write(Array(text.utf8), to: folder.principalKey, secret: true)
        return pair
    }

    func writePublic(_ folder: KeyFolder) throws {
        let text = try Certificate.PublicKey(publicKey).serializeAsPEM().pemString + "\n"
        try DurableFile.write(Array(text.utf8), to: folder.principalPublicKey, secret: false)
    }

    /// Reads the pair of a folder.
    public static func load(from folder: KeyFolder, limits: KeyLimits = KeyLimits()) throws -> PrincipalKeyPair {
        let path = folder.principalKey
        let text = String(decoding: try DurableFile.read(path, limit: limits.maxFileSize, secret: true), as: UTF8.self)
        guard let document = try? PEMDocument(pemString: text), let key = Self.key(pkcs8: document.derBytes) else {
            throw KeyError(nil, "\(path) holds no Ed25519 key; `datavault keys principal` makes one")
        }
        return PrincipalKeyPair(privateKey: key)
    }

    /// Reads a public half, as Identity lists it.
    public static func loadPublic(
        file: String, limits: KeyLimits = KeyLimits()
    ) throws -> (key: Curve25519.Signing.PublicKey, keyID: String) {
        let text = String(decoding: try DurableFile.read(file, limit: limits.maxFileSize), as: UTF8.self)
        guard let read = try? Certificate.PublicKey(pemEncoded: text), let key = Curve25519.Signing.PublicKey(read)
        else {
            throw KeyError(nil, "\(file) holds no public Ed25519 key")
        }
        return (key, keyID(of: key))
    }

    /// Sixteen bytes of the SHA-256 of a public key, in hexadecimal.
    public static func keyID(of key: Curve25519.Signing.PublicKey) -> String {
        String(SHA256.hash(data: key.rawRepresentation).hexadecimal.prefix(32))
    }

    /// The one form that PKCS #8 gives an Ed25519 key with no attributes (RFC 8410, 7), before the 32 bytes.
    private static let pkcs8Prefix: [UInt8] = [
        0x30, 0x2E, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
    ]

    private static func key(pkcs8 bytes: [UInt8]) -> Curve25519.Signing.PrivateKey? {
        guard bytes.count == pkcs8Prefix.count + 32, bytes.starts(with: pkcs8Prefix) else { return nil }
        return try? Curve25519.Signing.PrivateKey(rawRepresentation: bytes.suffix(32))
    }
}
