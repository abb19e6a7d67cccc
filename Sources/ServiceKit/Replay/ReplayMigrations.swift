public import Persistence

extension Replay {
    /// The tables that a role needs to know requests again: put these before its own migrations.
    public static let migrations = [
        Migration(
            "replay 001 replies",
            up: [
                .sql(
                    """
                    CREATE TABLE replies (
                        organization TEXT NOT NULL, caller TEXT NOT NULL, request_id TEXT NOT NULL,
                        request_hash BYTEA NOT NULL, reply BYTEA NOT NULL, created_at BIGINT NOT NULL,
                        PRIMARY KEY (organization, caller, request_id)
                    );
                    CREATE INDEX replies_by_age ON replies (created_at)
                    """),
                .isolate("replies"),
                .expose("replies", as: .readWrite),
            ],
            down: [.sql("DROP TABLE replies")])
    ]
}
