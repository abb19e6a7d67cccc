public import Crypto
import FoundationEssentials

extension RootKey {
    /// Bytes of a root key's identifier.
    static let identifierSize = 8

    /// A key for one purpose, made of a root key (HKDF-SHA256, RFC 5869): who has one of them has none of the others.
    ///
    /// - Parameter purpose: A text that no other purpose has; by custom `datavault …, v1`.
    public static func derive(_ purpose: StaticString, from root: SymmetricKey) -> SymmetricKey {
        derive(named: purpose.description, from: root)
    }

    static func derive(named purpose: String, from root: SymmetricKey) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(inputKeyMaterial: root, info: Data(purpose.utf8), outputByteCount: size)
    }

    /// What a root key is called beside what it sealed: tells keys apart, and nothing of the key.
    ///
    /// - Returns: 16 hexadecimal digits.
    public static func identifier(of root: SymmetricKey) -> String { identifierBytes(of: root).hexadecimal }

    static func identifierBytes(of root: SymmetricKey) -> [UInt8] {
        let key = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: root, info: Data("datavault root key identifier, v1".utf8),
            outputByteCount: identifierSize)
        return unsafe key.withUnsafeBytes { unsafe Array($0) }
    }
}
