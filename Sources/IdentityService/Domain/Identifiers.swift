import Foundation

/// A user's identifier: a lower-case UUID, without `users/`.
struct UserID: Sendable, Hashable, RawRepresentable, CustomStringConvertible {
    let rawValue: String
    init(rawValue: String) { self.rawValue = rawValue }
    init(_ rawValue: String) { self.init(rawValue: rawValue) }
    var description: String { rawValue }
    /// `users/{user}`.
    var name: String { "\(ResourceName.users.rawValue)/\(rawValue)" }
}

/// Collections of resources, and the names in them (AIP-122).
enum ResourceName: String {
    case organizations
    case users
    case members
    case apiKeys = "api-keys"

    /// The identifier in a name of this collection.
    ///
    /// - Throws: `IdentityError.resourceUnknown` if the name is of another form: nothing can have it.
    func identifier(in name: String) throws(IdentityError) -> String {
        guard name.hasPrefix("\(rawValue)/") else { throw .resourceUnknown(name: name) }
        let identifier = name.dropFirst(rawValue.count + 1)
        guard (1...63).contains(identifier.utf8.count),
            identifier.utf8.allSatisfy({
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: "-")
            })
        else { throw .resourceUnknown(name: name) }
        return String(identifier)
    }

    func name(_ identifier: String) -> String { "\(rawValue)/\(identifier)" }
}

/// Time and chance, as tests replace them.
struct IdentityEnvironment: Sendable {
    /// Microseconds since 1970.
    var now: @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970 * 1_000_000) }
    /// A new identifier: a lower-case UUID of random bits.
    var identifier: @Sendable () -> String = { UUID().uuidString.lowercased() }
    /// That many bytes that nobody can guess.
    var randomBytes: @Sendable (Int) -> [UInt8] = { count in
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }
}
