import Persistence

/// A scraper as the table has it.
struct ScraperRow: RowDecodable, Sendable, Hashable {
    let organization: String
    let id: String
    var displayName: String
    /// A serialized `Scraper` without what the service gives.
    var definition: [UInt8]
    var planVersion: String
    let createdAt: Int64
    var updatedAt: Int64
    var version: Int64

    static let columns: SQL =
        "organization, id, display_name, definition, plan_version, created_at, updated_at, version"

    init(
        organization: String, id: String, displayName: String, definition: [UInt8], planVersion: String, now: Int64
    ) {
        (self.organization, self.id, self.displayName) = (organization, id, displayName)
        (self.definition, self.planVersion, createdAt, updatedAt) = (definition, planVersion, now, now)
        version = 1
    }

    init(row: Row) throws {
        (organization, id, displayName) = (try row["organization"], try row["id"], try row["display_name"])
        (definition, planVersion) = (try row["definition"], try row["plan_version"])
        (createdAt, updatedAt, version) = (try row["created_at"], try row["updated_at"], try row["version"])
    }
}

/// The table of scrapers.
enum ScraperStore {
    static func insert(_ row: ScraperRow, in tx: borrowing Transaction) throws {
        try tx.run(
            """
            INSERT INTO scrapers (\(ScraperRow.columns))
            VALUES (
                \(.organization), \(row.id), \(row.displayName), \(row.definition), \(row.planVersion),
                \(row.createdAt), \(row.updatedAt), \(row.version)
            )
            """)
    }

    static func scraper(_ id: String, in tx: borrowing Transaction) throws -> ScraperRow? {
        try tx.optional(
            ScraperRow.self,
            "SELECT \(ScraperRow.columns) FROM scrapers WHERE organization = \(.organization) AND id = \(id)")
    }

    static func update(_ row: ScraperRow, in tx: borrowing Transaction) throws {
        try tx.run(
            """
            UPDATE scrapers SET display_name = \(row.displayName), definition = \(row.definition),
                plan_version = \(row.planVersion), updated_at = \(row.updatedAt), version = \(row.version)
            WHERE organization = \(.organization) AND id = \(row.id)
            """)
    }

    static func delete(_ id: String, in tx: borrowing Transaction) throws {
        try tx.run("DELETE FROM scrapers WHERE organization = \(.organization) AND id = \(id)")
    }

    static func count(upTo limit: Int, in tx: borrowing Transaction) throws -> Int {
        try tx.values(
            String.self, "SELECT id FROM scrapers WHERE organization = \(.organization) LIMIT \(limit)"
        ).count
    }

    /// The scrapers after a place in the order of time, the newest first.
    static func scrapers(before place: ListPlace?, count: Int, in tx: borrowing Transaction) throws -> [ScraperRow] {
        let place = place ?? .end
        return try tx.all(
            ScraperRow.self,
            """
            SELECT \(ScraperRow.columns) FROM scrapers
            WHERE organization = \(.organization)
                AND (created_at < \(place.time) OR (created_at = \(place.time) AND id < \(place.id)))
            ORDER BY created_at DESC, id DESC LIMIT \(count)
            """)
    }
}
