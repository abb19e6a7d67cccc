/// The permissions that the contract declares, and which of them a role gives.
///
/// Roles are rules over names, so that a permission which a later contract declares falls to the roles that it should,
/// with no table to keep.
struct Permissions: Sendable, Hashable {
    /// All that the contract declares.
    let declared: Set<String>

    /// What of the organization's own affairs is an admin's alone.
    private static let administrative: Set<Substring> = ["users", "api_keys", "organizations", "tenants", "audit"]
    /// What concerns the installation as a whole, as making tenants does: held by admins of its first organization alone.
    private static let operatorsOnly: Substring = "tenants"

    init(declared: some Sequence<String>) { self.declared = Set(declared) }

    /// What roles let their holder do.
    ///
    /// - Parameter isOperator: Whether the organization is the installation's first one, which manages the others.
    func granted(to roles: MemberRoles, isOperator: Bool) -> Set<String> {
        declared.filter { permission in roles.each.contains { Self.gives($0, permission, isOperator: isOperator) } }
    }

    private static func gives(_ role: MemberRoles, _ permission: String, isOperator: Bool) -> Bool {
        let parts = permission.split(separator: ".", omittingEmptySubsequences: false)
        guard parts[0] != operatorsOnly else { return role == .admin && isOperator }
        let isRead = parts.last == "read"
        let mayRead = isRead && permission != "api_keys.read"
        return switch role {
        case .admin: true
        case .editor: mayRead || (!isRead && !administrative.contains(parts[0]))
        case .viewer: mayRead
        default: false
        }
    }
}
