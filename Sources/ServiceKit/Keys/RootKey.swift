public import Crypto
import FoundationEssentials

/// The key that stored secrets are sealed with: 32 random bytes in a file of mode 0600.
///
/// Its text is `datavault-root-key-v1:`, 44 characters of base64 (RFC 4648, 4) and a line feed. Whoever loses it loses
/// the secrets; whoever reads it can read them.
public enum RootKey {
    /// What the text begins with: a key of another form would have another number.
    public static let prefix = "datavault-root-key-v1:"
    /// Bytes of a key.
    public static let size = 32

    /// Makes a key.
    ///
    /// - Throws: `KeyError` if the file exists: what it sealed could not be opened again.
    public static func create(file: String, limits: KeyLimits = KeyLimits()) async throws {
        try await create(KeyFolder(DurableFile.folder(of: file)), file, limits)
    }

    private static func create(_ folder: KeyFolder, _ file: String, _ limits: KeyLimits) async throws {
        let lock = try await folder.lock(limits)
        defer { extendLifetime(lock) }
        try createLocked(file)
    }

    static func createLocked(_ file: String) throws {
        guard !DurableFile.exists(file) else {
            throw KeyError(
                .out, "\(file) exists, and what it sealed could not be opened with another; it is not replaced")
        }
        let key = SymmetricKey(size: SymmetricKeySize(bitCount: size * 8))
        try DurableFile.write(Array("\(text(of: key))\n".utf8), to: file, secret: true)
    }

    /// Reads a file with a key, and with what a rotation has added.
    public static func ring(file: String, limits: KeyLimits = KeyLimits()) throws -> RootKeyRing {
        let bytes = try DurableFile.read(file, limit: limits.maxFileSize, secret: true)
        guard let ring = RootKeyRing.parse(String(decoding: bytes, as: UTF8.self)) else {
            throw KeyError(nil, "\(file) holds no root key: \(prefix) and 44 characters of base64")
        }
        return ring
    }

    /// Reads a key's text, as a configuration may hold it; nil if it is none.
    public static func parse(_ text: String) -> SymmetricKey? {
        var line = text[...]
        while line.last?.isWhitespace == true { line.removeLast() }
        guard line.hasPrefix(prefix), let bytes = Data(base64Encoded: String(line.dropFirst(prefix.count))),
            bytes.count == size
        else { return nil }
        return SymmetricKey(data: bytes)
    }

    static func text(of key: SymmetricKey) -> String {
        let bytes = unsafe key.withUnsafeBytes { unsafe Data($0) }
        return prefix + bytes.base64EncodedString()
    }
}
