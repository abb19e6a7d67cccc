import Persistence

/// A payload with its number.
struct NumberedPayload: RowDecodable, Sendable {
    let number: Int64
    /// The number of the page that it is from.
    let page: Int64
    let payload: [UInt8]

    init(row: Row) throws { (number, page, payload) = (try row["number"], try row["page"], try row["payload"]) }
}

/// The tables of records, good and bad ones.
enum RecordStore {
    private static let chunk = 64

    static func insertRecords(
        _ records: [(page: Int64, payload: [UInt8])], from ordinal: Int64, organization: String, job: String,
        in tx: borrowing Transaction
    ) throws {
        let owner = JobStore.owner(organization, tx)
        for start in stride(from: 0, to: records.count, by: chunk) {
            let rows = (start..<min(start + chunk, records.count)).map { index -> SQL in
                let (page, payload) = records[index]
                return "(\(owner), \(job), \(ordinal + Int64(index)), \(page), \(payload))"
            }
            try tx.run(
                """
                INSERT INTO scrape_records (organization, job, ordinal, page, payload)
                VALUES \(SQL.joined(rows, separator: ", "))
                """)
        }
    }

    static func insertQuarantined(
        _ records: [(page: Int64, payload: [UInt8])], from number: Int64, organization: String, job: String,
        in tx: borrowing Transaction
    ) throws {
        let owner = JobStore.owner(organization, tx)
        for start in stride(from: 0, to: records.count, by: chunk) {
            let rows = (start..<min(start + chunk, records.count)).map { index -> SQL in
                let (page, payload) = records[index]
                return "(\(owner), \(job), \(number + Int64(index)), \(page), \(payload))"
            }
            try tx.run(
                """
                INSERT INTO scrape_quarantine (organization, job, number, page, payload)
                VALUES \(SQL.joined(rows, separator: ", "))
                """)
        }
    }

    /// Records after an ordinal, in their order.
    static func records(
        of job: String, after ordinal: Int64, count: Int, in tx: borrowing Transaction
    ) throws -> [NumberedPayload] {
        try tx.all(
            NumberedPayload.self,
            """
            SELECT ordinal AS number, page, payload FROM scrape_records
            WHERE organization = \(.organization) AND job = \(job) AND ordinal > \(ordinal)
            ORDER BY ordinal LIMIT \(count)
            """)
    }

    static func quarantined(
        of job: String, after number: Int64, count: Int, in tx: borrowing Transaction
    ) throws -> [NumberedPayload] {
        try tx.all(
            NumberedPayload.self,
            """
            SELECT number, page, payload FROM scrape_quarantine
            WHERE organization = \(.organization) AND job = \(job) AND number > \(number)
            ORDER BY number LIMIT \(count)
            """)
    }
}
