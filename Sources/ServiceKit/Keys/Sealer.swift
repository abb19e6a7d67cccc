public import Crypto
import FoundationEssentials

/// Encrypts what lies in a store, bound to its place there: AES-256-GCM under a key derived from the root key.
///
/// What is sealed is a version byte, the root key's identifier (8 bytes), a random nonce (12), the ciphertext and a tag
/// (16). Random nonces are sound for some four thousand million texts under one key (NIST SP 800-38D, 8.3).
public struct Sealer: Sendable {
    /// Why something could not be opened.
    public enum Failure: Error, Hashable, CustomStringConvertible {
        /// It was sealed with another root key, of this identifier.
        case unknownRootKey(String)
        /// It is no sealed text, was changed, or stands in another place than it was sealed for.
        case damaged

        /// A sentence for the log.
        public var description: String {
            switch self {
            case .unknownRootKey(let id): "it was sealed with the root key \(id), which this process does not have"
            case .damaged: "it is damaged, or was moved from the place that it was sealed for"
            }
        }
    }

    /// Bytes that sealing adds.
    public static let overhead = 1 + RootKey.identifierSize + 12 + 16
    private static let version: UInt8 = 1

    /// The root key that seals, by its identifier: 16 hexadecimal digits.
    public let rootKeyID: String
    private let current: [UInt8]
    private let keys: [[UInt8]: SymmetricKey]

    /// Derives a purpose's keys.
    ///
    /// - Parameters:
    ///   - rootKey: What seals from now on.
    ///   - former: Root keys that older texts were sealed with.
    public init(_ purpose: StaticString, rootKey: SymmetricKey, former: [SymmetricKey] = []) {
        current = RootKey.identifierBytes(of: rootKey)
        rootKeyID = RootKey.identifier(of: rootKey)
        var keys: [[UInt8]: SymmetricKey] = [:]
        for root in former + [rootKey] {
            keys[RootKey.identifierBytes(of: root)] = RootKey.derive(purpose, from: root)
        }
        self.keys = keys
    }

    /// Encrypts.
    ///
    /// - Parameter place: Where the text will stand, from the general to the particular; opens there only.
    public func seal(_ text: [UInt8], at place: [String]) throws -> [UInt8] {
        guard let key = keys[current] else { throw Failure.unknownRootKey(rootKeyID) }
        let head = [Self.version] + current
        let box = try AES.GCM.seal(text, using: key, authenticating: head + Self.bytes(of: place))
        return head + Array(box.nonce) + Array(box.ciphertext) + Array(box.tag)
    }

    /// Decrypts.
    public func open(_ sealed: [UInt8], at place: [String]) throws(Failure) -> [UInt8] {
        guard sealed.count >= Self.overhead, sealed[0] == Self.version else { throw .damaged }
        let head = sealed[...RootKey.identifierSize]
        let id = Array(head.dropFirst())
        guard let key = keys[id] else { throw .unknownRootKey(id.hexadecimal) }
        guard let box = try? AES.GCM.SealedBox(combined: sealed[head.endIndex...]),
            let text = try? AES.GCM.open(box, using: key, authenticating: head + Self.bytes(of: place))
        else { throw .damaged }
        return Array(text)
    }

    /// Seals with the present root key what another one has sealed; nil if it is sealed with the present one already.
    public func reseal(_ sealed: [UInt8], at place: [String]) throws -> [UInt8]? {
        sealed.starts(with: [Self.version] + current) ? nil : try seal(try open(sealed, at: place), at: place)
    }

    /// How everything begins that a root key has sealed, whatever it is for: by this a store finds it.
    public static func head(of rootKey: SymmetricKey) -> [UInt8] { [version] + RootKey.identifierBytes(of: rootKey) }

    /// Each part with its length, so that no two places look the same.
    private static func bytes(of place: [String]) -> [UInt8] {
        place.flatMap { part in
            let text = Array(part.utf8)
            return (0..<4).map { UInt8(truncatingIfNeeded: text.count >> (24 - 8 * $0)) } + text
        }
    }
}
