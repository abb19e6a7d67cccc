public import Crypto
import FoundationEssentials

/// What a root key's file holds: the key that seals, while it is rotated a second one that opens, too, and the keys of
/// hashes from before the first rotation.
///
///     datavault-root-key-v1:…                what seals
///     datavault-next-root-key-v1:…           will seal soon, and opens already; or
///     datavault-former-root-key-v1:…         has sealed until now, and opens still
///     datavault-hash-key-v1:…:purpose        keys a hash, whatever seals
///
/// What was hashed cannot be hashed anew, as nobody has it: so the keys of hashes stay what the first root key made them.
public struct RootKeyRing: Sendable {
    /// How far a rotation has come.
    public enum Stage: Sendable, Hashable {
        /// There is one root key.
        case settled
        /// The next one is known, and seals nothing yet: processes that know it can open what others seal with it.
        case announced
        /// The next one seals; what the former has sealed is being sealed anew.
        case rotated
    }

    /// What each hash is for, of which a key is made.
    public static let hashPurposes: [String] = [
        "datavault hashes of API keys, v1", "datavault hashes of kept requests, v1",
        "datavault hashes of refresh tokens, v1", "datavault tags of refresh tokens, v1",
        "datavault successors of refresh tokens, v1",
    ]

    private static let nextPrefix = "datavault-next-root-key-v1:"
    private static let formerPrefix = "datavault-former-root-key-v1:"
    private static let hashPrefix = "datavault-hash-key-v1:"

    /// What seals.
    public let current: SymmetricKey
    /// Where the rotation is.
    public let stage: Stage
    private let other: SymmetricKey?
    private let hashKeys: [String: SymmetricKey]

    /// A ring of one key that was never rotated.
    public init(_ current: SymmetricKey) { self.init(current, .settled, nil, [:]) }

    private init(_ current: SymmetricKey, _ stage: Stage, _ other: SymmetricKey?, _ hashKeys: [String: SymmetricKey]) {
        (self.current, self.stage, self.other, self.hashKeys) = (current, stage, other, hashKeys)
    }

    /// Keys that open besides the one that seals.
    public var others: [SymmetricKey] { other.map { [$0] } ?? [] }

    /// A key of hashes, the same through all rotations.
    ///
    /// - Parameter purpose: One of `hashPurposes`.
    public func hashKey(_ purpose: StaticString) -> SymmetricKey {
        precondition(Self.hashPurposes.contains(purpose.description), "a rotation would not keep this hash's key")
        return hashKeys[purpose.description] ?? RootKey.derive(purpose, from: current)
    }

    // MARK: Rotation

    /// With a new key that only opens.
    func announcing(_ next: SymmetricKey) -> RootKeyRing { RootKeyRing(current, .announced, next, kept) }

    /// With the next key sealing; for a settled ring with a new one.
    package func rotating(_ new: SymmetricKey? = nil) -> RootKeyRing? {
        guard let next = stage == .announced ? other : new, stage != .rotated else { return nil }
        return RootKeyRing(next, .rotated, current, kept)
    }

    /// Without the former key, once nothing is sealed with it.
    var settled: RootKeyRing { RootKeyRing(current, .settled, nil, kept) }

    /// The keys of hashes, made of the first root key before that is gone.
    private var kept: [String: SymmetricKey] {
        guard hashKeys.isEmpty else { return hashKeys }
        var keys: [String: SymmetricKey] = [:]
        for purpose in Self.hashPurposes { keys[purpose] = RootKey.derive(named: purpose, from: current) }
        return keys
    }

    // MARK: Text

    /// Reads a file's text; nil if it is none.
    public static func parse(_ text: String) -> RootKeyRing? {
        let lines = text.split(whereSeparator: \.isNewline)
        guard let first = lines.first, let current = RootKey.parse(String(first)) else { return nil }
        var (stage, other): (Stage, SymmetricKey?) = (.settled, nil)
        var hashKeys: [String: SymmetricKey] = [:]
        for line in lines.dropFirst() {
            if line.hasPrefix(nextPrefix) || line.hasPrefix(formerPrefix) {
                let isNext = line.hasPrefix(nextPrefix)
                guard other == nil, let key = key(line.dropFirst((isNext ? nextPrefix : formerPrefix).count)) else {
                    return nil
                }
                (stage, other) = (isNext ? .announced : .rotated, key)
            } else if line.hasPrefix(hashPrefix) {
                let parts = line.dropFirst(hashPrefix.count).split(separator: ":", maxSplits: 1)
                guard parts.count == 2, let key = key(parts[0]), hashPurposes.contains(String(parts[1])),
                    hashKeys.updateValue(key, forKey: String(parts[1])) == nil
                else { return nil }
            } else {
                return nil
            }
        }
        // A part of them would have the others made of another key than before.
        guard hashKeys.isEmpty || hashKeys.count == hashPurposes.count, stage == .settled || !hashKeys.isEmpty else {
            return nil
        }
        return RootKeyRing(current, stage, other, hashKeys)
    }

    /// The file's text.
    var text: String {
        var lines = [RootKey.text(of: current)]
        if let other { lines.append((stage == .announced ? Self.nextPrefix : Self.formerPrefix) + Self.text(other)) }
        for purpose in Self.hashPurposes {
            if let key = hashKeys[purpose] { lines.append("\(Self.hashPrefix)\(Self.text(key)):\(purpose)") }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func text(_ key: SymmetricKey) -> String {
        unsafe key.withUnsafeBytes { unsafe Data($0) }.base64EncodedString()
    }

    private static func key(_ text: some StringProtocol) -> SymmetricKey? {
        guard let bytes = Data(base64Encoded: String(text)), bytes.count == RootKey.size else { return nil }
        return SymmetricKey(data: bytes)
    }
}
