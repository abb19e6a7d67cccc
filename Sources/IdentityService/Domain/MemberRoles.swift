/// The roles of a member, as a set; the raw value is what the table keeps.
struct MemberRoles: OptionSet, Sendable, Hashable {
    let rawValue: Int64
    init(rawValue: Int64) { self.rawValue = rawValue }

    /// Everything in the organization, its people and keys included.
    static let admin = MemberRoles(rawValue: 1)
    /// Works with data.
    static let editor = MemberRoles(rawValue: 2)
    /// Reads, and changes nothing.
    static let viewer = MemberRoles(rawValue: 4)

    /// Each role alone, in the order of the contract.
    static let all: [MemberRoles] = [.admin, .editor, .viewer]

    /// The roles in this set, each alone, in the order of the contract.
    var each: [MemberRoles] { Self.all.filter(contains) }
}
