import Persistence

extension Dataset: RowDecodable {
    static let columns: SQL =
        "id, display_name, columns, row_count, byte_count, snapshot, created_at, updated_at, version"

    init(row: Row) throws {
        self.init(
            id: try row["id"], displayName: try row["display_name"], schema: try ColumnsText.schema(try row["columns"]),
            rowCount: try row["row_count"], byteCount: try row["byte_count"], snapshot: try row["snapshot"],
            createdAt: try row["created_at"], updatedAt: try row["updated_at"], version: try row["version"])
    }
}

/// The table of datasets.
enum DatasetStore {
    static func insert(_ new: Dataset, in tx: borrowing Transaction) throws {
        try tx.run(
            """
            INSERT INTO datasets (
                organization, id, display_name, columns, row_count, byte_count, snapshot, created_at, updated_at, version
            ) VALUES (
                \(.organization), \(new.id), \(new.displayName), \(ColumnsText.text(new.schema)), \(new.rowCount),
                \(new.byteCount), \(new.snapshot), \(new.createdAt), \(new.updatedAt), \(new.version)
            )
            """)
    }

    static func dataset(_ id: String, in tx: borrowing Transaction) throws -> Dataset? {
        try tx.optional(
            Dataset.self,
            "SELECT \(Dataset.columns) FROM datasets WHERE organization = \(.organization) AND id = \(id)")
    }

    static func count(in tx: borrowing Transaction) throws -> Int {
        try tx.value(Int.self, "SELECT COUNT(*) FROM datasets WHERE organization = \(.organization)") ?? 0
    }

    /// The datasets after a place, the newest first.
    static func datasets(after place: TimePlace, count: Int, in tx: borrowing Transaction) throws -> [Dataset] {
        try tx.all(
            Dataset.self,
            """
            SELECT \(Dataset.columns) FROM datasets
            WHERE organization = \(.organization)
                AND (created_at < \(place.time) OR (created_at = \(place.time) AND id < \(place.id)))
            ORDER BY created_at DESC, id DESC LIMIT \(count)
            """)
    }

    /// Writes what a caller can change.
    static func update(_ changed: Dataset, in tx: borrowing Transaction) throws {
        try tx.run(
            """
            UPDATE datasets SET display_name = \(changed.displayName), updated_at = \(changed.updatedAt),
                version = \(changed.version)
            WHERE organization = \(.organization) AND id = \(changed.id)
            """)
    }

    static func delete(_ id: String, in tx: borrowing Transaction) throws {
        try tx.run("DELETE FROM segments WHERE organization = \(.organization) AND dataset = \(id)")
        try tx.run("DELETE FROM datasets WHERE organization = \(.organization) AND id = \(id)")
    }

    /// Appends a segment whose object is there. Two appends at the same time come one after the other.
    ///
    /// - Returns: The segment's sequence, which is the dataset's snapshot with it; nil if there is no such dataset.
    static func append(
        _ written: WrittenSegment, to id: String, now: Int64, in tx: borrowing Transaction
    ) throws -> Int64? {
        guard
            let sequence = try tx.value(
                Int64.self,
                """
                UPDATE datasets SET snapshot = snapshot + 1, row_count = row_count + \(written.rowCount),
                    byte_count = byte_count + \(written.byteCount), updated_at = \(now)
                WHERE organization = \(.organization) AND id = \(id) RETURNING snapshot
                """)
        else { return nil }
        let statistics = JSONText.encode(written.statistics.map(KeptStatistics.init))
        try tx.run(
            """
            INSERT INTO segments (organization, dataset, sequence, row_count, byte_count, object, statistics)
            VALUES (
                \(.organization), \(id), \(sequence), \(written.rowCount), \(written.byteCount),
                \(written.object.description), \(statistics)
            )
            """)
        return sequence
    }
}

/// A segment that lies in storage and is named by nothing yet.
struct WrittenSegment: Sendable {
    let object: ObjectKey
    let rowCount: Int64
    let byteCount: Int64
    let statistics: [ColumnStatistics]
}

extension SegmentEntry: RowDecodable {
    init(row: Row) throws {
        let kept = try JSONText.decode([KeptStatistics].self, try row["statistics"])
        self.init(
            sequence: try row["sequence"], rowCount: try row["row_count"], byteCount: try row["byte_count"],
            object: try row["object"], statistics: kept.map(\.statistics))
    }
}

/// The table of segments.
enum SegmentStore {
    /// The segments of a snapshot behind a sequence.
    static func segments(
        of dataset: String, after sequence: Int64, upTo snapshot: Int64, count: Int, in tx: borrowing Transaction
    ) throws -> [SegmentEntry] {
        try tx.all(
            SegmentEntry.self,
            """
            SELECT sequence, row_count, byte_count, object, statistics FROM segments
            WHERE organization = \(.organization) AND dataset = \(dataset) AND sequence > \(sequence)
                AND sequence <= \(snapshot)
            ORDER BY sequence LIMIT \(count)
            """)
    }
}

/// A place in a list in the order of time, the newest first.
struct TimePlace: Sendable {
    let time: Int64
    let id: String

    /// What stands before the newest.
    static let start = TimePlace(time: .max, id: "")

    init(time: Int64, id: String) { (self.time, self.id) = (time, id) }

    /// Reads a page token.
    init(_ token: String, for request: [String]) throws(PipelineFault) {
        guard let page = try PageToken.read(token, for: request, numbers: 1) else {
            self = .start
            return
        }
        self.init(time: page.numbers[0], id: page.text)
    }
}
