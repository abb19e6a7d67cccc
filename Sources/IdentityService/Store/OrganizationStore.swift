import Persistence

extension SystemReason {
    static let listOrganizations = SystemReason("list organizations for the operator")
    static let makeOrganization = SystemReason("make an organization with its first admin")
}

extension Organization: RowDecodable {
    static let columns: SQL =
        "id, display_name, allowed_networks, is_operator, created_at, updated_at, version"

    init(row: Row) throws {
        let networks: String = try row["allowed_networks"]
        self.init(
            id: OrganizationID(try row["id"]), displayName: try row["display_name"],
            allowedNetworks: networks.split(separator: " ").map(String.init), isOperator: try row["is_operator"],
            createdAt: try row["created_at"], updatedAt: try row["updated_at"], version: try row["version"])
    }
}

/// The table of organizations.
enum OrganizationStore {
    static func insert(_ new: Organization, in tx: borrowing Transaction) throws {
        let owner = try tx.owner(new.id)
        try tx.run(
            """
            INSERT INTO organizations (
                id, display_name, allowed_networks, is_operator, created_at, updated_at, version
            ) VALUES (
                \(owner), \(new.displayName), \(new.allowedNetworks.joined(separator: " ")), \(new.isOperator),
                \(new.createdAt), \(new.updatedAt), \(new.version)
            )
            """)
    }

    static func organization(_ id: OrganizationID, in tx: borrowing Transaction) throws -> Organization? {
        let owner = try tx.owner(id)
        return try tx.optional(
            Organization.self, "SELECT \(Organization.columns) FROM organizations WHERE id = \(owner)")
    }

    /// The installation's first organization; nil before the first start. In a system transaction.
    static func operatorOrganization(in tx: borrowing Transaction) throws -> Organization? {
        try tx.optional(Organization.self, "SELECT \(Organization.columns) FROM organizations WHERE is_operator")
    }

    /// Writes what can change.
    static func update(_ changed: Organization, in tx: borrowing Transaction) throws {
        let owner = try tx.owner(changed.id)
        try tx.run(
            """
            UPDATE organizations SET display_name = \(changed.displayName),
                allowed_networks = \(changed.allowedNetworks.joined(separator: " ")),
                updated_at = \(changed.updatedAt), version = \(changed.version)
            WHERE id = \(owner)
            """)
    }

    /// All organizations after a place, the oldest first. In a system transaction.
    static func organizations(
        after place: PageToken?, count: Int, in tx: borrowing Transaction
    ) throws -> [Organization] {
        let place = place ?? .start
        return try tx.all(
            Organization.self,
            """
            SELECT \(Organization.columns) FROM organizations
            WHERE created_at > \(place.time) OR (created_at = \(place.time) AND id > \(place.id))
            ORDER BY created_at, id LIMIT \(count)
            """)
    }
}
