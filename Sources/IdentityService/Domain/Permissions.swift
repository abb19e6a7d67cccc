/// The permissions that the contract declares, and which of them a role gives.
///
/// Roles are rules over names, so that a permission which a later contract declares falls to the roles that it should,
/// with no table to keep.
struct Permissions: Sendable, Hashable {
    /// All that the contract declares.
    let declared: Set<String>

    /// Makes tenants; held by admins of the installation's first organization alone.
    static let manageTenants = "tenants.manage"

    /// What of the organization's own affairs is an admin's alone.
    private static let administrative: Set<Substring> = ["users", "api_keys", "organizations", "tenants"]

    init(declared: some Sequence<String>) { self.declared = Set(declared) }

    /// What roles let their holder do.
    ///
    /// - Parameter isOperator: Whether the organization is the installation's first one, which manages the others.
    func granted(to roles: MemberRoles, isOperator: Bool) -> Set<String> {
        declared.filter { permission in roles.each.contains { Self.gives($0, permission, isOperator: isOperator) } }
    }

    private static func gives(_ role: MemberRoles, _ permission: String, isOperator: Bool) -> Bool {
        guard permission != manageTenants else { return role == .admin && isOperator }
        let parts = permission.split(separator: ".", omittingEmptySubsequences: false)
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
