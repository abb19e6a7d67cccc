/// The tenant to which a scoped handle is bound.
public struct OrganizationID: Sendable, Hashable, RawRepresentable, CustomStringConvertible {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    public init(_ rawValue: String) { self.init(rawValue: rawValue) }
    public var description: String { rawValue }
}

/// Why code works across organizations. Each service declares its own as static members, so that all uses of
/// `Store.system(_:)` can be listed: `grep 'SystemReason('`.
public struct SystemReason: Sendable, Hashable, CustomStringConvertible {
    public let name: StaticStringName
    /// - Parameter name: what is done, in a few words: "claim jobs", "find a key at log-in".
    public init(_ name: StaticStringName) { self.name = name }
    public var description: String { name.text }

    /// A name that stands in the source: it cannot be made of data.
    public struct StaticStringName: Sendable, Hashable, ExpressibleByStringLiteral {
        let text: String
        public init(stringLiteral value: StaticString) { text = value.description }
    }
}

/// On whose behalf a transaction runs.
enum Scope: Sendable, Hashable {
    case organization(OrganizationID)
    case system(SystemReason)
}
