import Foundation
import Persistence

/// A note as the table has it.
struct NoteRow: RowDecodable {
    let id: String
    let text: String
    let wordCount: Int32?
    /// Microseconds since 1970.
    let createdAt: Int64

    init(id: String, text: String, wordCount: Int32? = nil, createdAt: Int64) {
        (self.id, self.text, self.wordCount, self.createdAt) = (id, text, wordCount, createdAt)
    }

    init(row: Row) throws {
        (id, text, wordCount, createdAt) =
            (try row["id"], try row["text"], try row["word_count"], try row["created_at"])
    }
}

/// The table of notes.
struct NoteStore: Sendable {
    let store: Store

    static let migrations = [
        Migration(
            "example 001 notes",
            up: [
                .sql(
                    """
                    CREATE TABLE notes (
                        organization TEXT NOT NULL, id TEXT NOT NULL, text TEXT NOT NULL, word_count BIGINT,
                        created_at BIGINT NOT NULL,
                        PRIMARY KEY (organization, id)
                    );
                    CREATE INDEX notes_by_time ON notes (organization, created_at, id)
                    """),
                .isolate("notes"),
                .expose("notes", as: .readWrite),
            ],
            down: [.sql("DROP TABLE notes")])
    ]

    static func insert(_ note: NoteRow, in tx: borrowing Transaction) throws {
        try tx.run(
            """
            INSERT INTO notes (organization, id, text, word_count, created_at)
            VALUES (\(.organization), \(note.id), \(note.text), \(note.wordCount), \(note.createdAt))
            """)
    }

    /// A note's text; nil if there is none. For the job, whose transaction is its organization's.
    static func text(of id: String, in tx: borrowing Transaction) throws -> String? {
        try tx.value(
            String.self, "SELECT text FROM notes WHERE organization = \(.organization) AND id = \(id)")
    }

    static func set(wordCount: Int32, of id: String, in tx: borrowing Transaction) throws {
        try tx.run(
            """
            UPDATE notes SET word_count = \(wordCount) WHERE organization = \(.organization) AND id = \(id)
            """)
    }

    func note(_ id: String, of organization: OrganizationID) async throws -> NoteRow? {
        try await store.scoped(organization).read { tx in
            try tx.optional(
                NoteRow.self,
                """
                SELECT id, text, word_count, created_at FROM notes
                WHERE organization = \(.organization) AND id = \(id)
                """)
        }
    }

    /// The notes after a place in the order of time, the newest first.
    func notes(of organization: OrganizationID, after place: NotePlace?, count: Int) async throws -> [NoteRow] {
        let place = place ?? NotePlace(createdAt: .max, id: "")
        return try await store.scoped(organization).read { tx in
            try tx.all(
                NoteRow.self,
                """
                SELECT id, text, word_count, created_at FROM notes
                WHERE organization = \(.organization)
                    AND (created_at < \(place.createdAt) OR (created_at = \(place.createdAt) AND id < \(place.id)))
                ORDER BY created_at DESC, id DESC LIMIT \(count)
                """)
        }
    }
}

/// Where a page ended.
struct NotePlace: Sendable {
    let createdAt: Int64
    let id: String

    init(createdAt: Int64, id: String) { (self.createdAt, self.id) = (createdAt, id) }

    /// Reads a page token; nil if it is none.
    init?(token: String) {
        let parts = token.split(separator: ".", maxSplits: 1)
        guard parts.count == 2, let time = Int64(parts[0]), let id = UUID(uuidString: String(parts[1])) else {
            return nil
        }
        self.init(createdAt: time, id: id.uuidString.lowercased())
    }

    var token: String { "\(createdAt).\(id)" }
}
