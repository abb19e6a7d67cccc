import Crypto
public import Persistence

/// How a role uses a root key: what a rotation has to seal anew.
public struct RootKeyUse: Sendable {
    /// The file that its settings name.
    public let file: @Sendable (Settings) -> String
    /// Seals all of the role's store with the ring's present key that its former one has sealed, in transactions of
    /// bounded size; may be ended at any point and begun again.
    ///
    /// - Returns: How many texts were sealed anew.
    public let reseal: @Sendable (Store, RootKeyRing) async throws -> Int

    /// Says how.
    public init(
        file: @escaping @Sendable (Settings) -> String,
        reseal: @escaping @Sendable (Store, RootKeyRing) async throws -> Int
    ) {
        (self.file, self.reseal) = (file, reseal)
    }
}

/// The steps by which a root key is replaced by another. Each is one write of the file, which is whole at any moment: a
/// process that ends anywhere leaves a file that opens all that was sealed until then.
public struct RootKeyRotation: Sendable {
    /// The root key's file.
    public let file: String

    /// Of a file.
    public init(file: String) { self.file = file }

    /// What the file holds now.
    public func ring() throws -> RootKeyRing { try RootKey.ring(file: file) }

    /// Adds the next key: it opens, and does not seal yet.
    public func announce() async throws -> RootKeyRing { try await change { $0.announcing(Self.made()) } }

    /// Has the next key seal. A settled file gets a new one at once, which is right only where no process runs that knows
    /// the old one alone.
    public func rotate() async throws -> RootKeyRing { try await change { $0.rotating(Self.made()) } }

    /// Takes the former key away. Nothing may be sealed with it any more.
    public func settle() async throws -> RootKeyRing { try await change { $0.settled } }

    private static func made() -> SymmetricKey { SymmetricKey(size: SymmetricKeySize(bitCount: RootKey.size * 8)) }

    private func change(_ body: (RootKeyRing) -> RootKeyRing?) async throws -> RootKeyRing {
        let lock = try await KeyFolder(DurableFile.folder(of: file)).lock(KeyLimits())
        defer { extendLifetime(lock) }
        guard let changed = body(try ring()) else {
            throw KeyError(nil, "\(file) is in the midst of a rotation already")
        }
        try DurableFile.write(Array(changed.text.utf8), to: file, secret: true)
        return changed
    }
}
