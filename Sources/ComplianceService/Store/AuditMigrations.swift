import Persistence

/// The log's tables. Entries and tiles are never changed and never deleted: what the runtime role is not granted on
/// PostgreSQL, triggers refuse on both stores, the tables' owner included.
enum AuditMigrations {
    static let all = [log, keys, CheckpointStore.migration]

    private static let log = Migration(
        "compliance 001 audit log",
        up: [
            // An organization's right edge of the tree. Its row is the lock under which entries are added.
            .sql(
                """
                CREATE TABLE audit_logs (
                    organization TEXT NOT NULL PRIMARY KEY,
                    size BIGINT NOT NULL,
                    frontier BYTEA NOT NULL,
                    logged_at BIGINT NOT NULL
                )
                """),
            .sql(
                sqlite: """
                    CREATE TABLE audit_entries (
                        organization TEXT NOT NULL,
                        log_index BIGINT NOT NULL,
                        leaf BYTEA NOT NULL,
                        leaf_hash BYTEA NOT NULL,
                        source TEXT NOT NULL,
                        sequence BIGINT NOT NULL,
                        digest BIGINT NOT NULL,
                        time BIGINT NOT NULL,
                        action TEXT NOT NULL,
                        actor TEXT NOT NULL,
                        resource TEXT NOT NULL,
                        is_denied BOOLEAN NOT NULL,
                        PRIMARY KEY (organization, log_index)
                    ) WITHOUT ROWID
                    """,
                postgres: """
                    CREATE TABLE audit_entries (
                        organization TEXT NOT NULL,
                        log_index BIGINT NOT NULL,
                        leaf BYTEA NOT NULL,
                        leaf_hash BYTEA NOT NULL,
                        source TEXT NOT NULL,
                        sequence BIGINT NOT NULL,
                        digest BIGINT NOT NULL,
                        time BIGINT NOT NULL,
                        action TEXT NOT NULL,
                        actor TEXT NOT NULL,
                        resource TEXT NOT NULL,
                        is_denied BOOLEAN NOT NULL,
                        PRIMARY KEY (organization, log_index)
                    )
                    """),
            .sql(
                """
                CREATE UNIQUE INDEX audit_entries_source ON audit_entries (source, sequence, digest);
                CREATE INDEX audit_entries_time ON audit_entries (organization, time, log_index);
                CREATE INDEX audit_entries_actor ON audit_entries (organization, actor, log_index);
                CREATE INDEX audit_entries_action ON audit_entries (organization, action, log_index);
                CREATE INDEX audit_entries_resource ON audit_entries (organization, resource, log_index);
                CREATE TABLE audit_tiles (
                    organization TEXT NOT NULL,
                    level BIGINT NOT NULL,
                    tile BIGINT NOT NULL,
                    hashes BYTEA NOT NULL,
                    root BYTEA NOT NULL,
                    PRIMARY KEY (organization, level, tile)
                )
                """),
            .isolate("audit_logs"), .isolate("audit_entries"), .isolate("audit_tiles"),
            .expose("audit_logs", as: .readWrite), .expose("audit_entries", as: .appendOnly),
            .expose("audit_tiles", as: .appendOnly),
            // INSERT OR REPLACE would delete the row in the way without asking the triggers of deletion.
            .sql(
                sqlite: """
                    CREATE TRIGGER audit_entries_once BEFORE INSERT ON audit_entries
                    WHEN EXISTS (
                        SELECT 1 FROM audit_entries WHERE organization = NEW.organization AND log_index = NEW.log_index
                    ) OR EXISTS (
                        SELECT 1 FROM audit_entries
                        WHERE source = NEW.source AND sequence = NEW.sequence AND digest = NEW.digest
                    )
                    BEGIN SELECT RAISE(ABORT, 'rows of audit_entries are never replaced'); END;
                    CREATE TRIGGER audit_tiles_once BEFORE INSERT ON audit_tiles
                    WHEN EXISTS (
                        SELECT 1 FROM audit_tiles
                        WHERE organization = NEW.organization AND level = NEW.level AND tile = NEW.tile
                    )
                    BEGIN SELECT RAISE(ABORT, 'rows of audit_tiles are never replaced'); END;
                    CREATE TRIGGER audit_logs_grow BEFORE UPDATE ON audit_logs
                    WHEN NEW.size < OLD.size OR NEW.organization <> OLD.organization
                    BEGIN SELECT RAISE(ABORT, 'logs never shrink'); END;
                    CREATE TRIGGER audit_logs_stay BEFORE DELETE ON audit_logs
                    BEGIN SELECT RAISE(ABORT, 'logs are never deleted'); END
                    """,
                postgres: """
                    CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
                    BEGIN
                        RAISE EXCEPTION 'rows of % never change', TG_TABLE_NAME USING ERRCODE = '42501';
                    END $$;
                    CREATE TRIGGER audit_entries_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries
                        FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
                    CREATE TRIGGER audit_tiles_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_tiles
                        FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
                    CREATE TRIGGER audit_logs_keep BEFORE DELETE OR TRUNCATE ON audit_logs
                        FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
                    CREATE FUNCTION audit_grow() RETURNS trigger LANGUAGE plpgsql AS $$
                    BEGIN
                        IF NEW.size < OLD.size OR NEW.organization <> OLD.organization THEN
                            RAISE EXCEPTION 'logs never shrink' USING ERRCODE = '42501';
                        END IF;
                        RETURN NEW;
                    END $$;
                    CREATE TRIGGER audit_logs_grow BEFORE UPDATE ON audit_logs
                        FOR EACH ROW EXECUTE FUNCTION audit_grow()
                    """),
        ],
        down: [
            .sql(
                sqlite: "DROP TABLE audit_tiles; DROP TABLE audit_entries; DROP TABLE audit_logs",
                postgres: """
                    DROP TABLE audit_tiles; DROP TABLE audit_entries; DROP TABLE audit_logs;
                    DROP FUNCTION audit_grow(); DROP FUNCTION audit_refuse()
                    """)
        ])

    private static let keys = Migration(
        "compliance 002 audit keys",
        up: [
            // `is_current` is true or null, so that there is one at most.
            .sql(
                """
                CREATE TABLE audit_log_keys (
                    id TEXT NOT NULL PRIMARY KEY,
                    name TEXT NOT NULL,
                    public_key BYTEA NOT NULL,
                    sealed BYTEA NOT NULL,
                    created_at BIGINT NOT NULL,
                    retired_at BIGINT,
                    is_current BOOLEAN
                );
                CREATE UNIQUE INDEX audit_log_keys_current ON audit_log_keys (is_current);
                CREATE TABLE audit_subject_keys (
                    organization TEXT NOT NULL,
                    subject TEXT NOT NULL,
                    key_id BYTEA NOT NULL,
                    sealed BYTEA NOT NULL,
                    created_at BIGINT NOT NULL,
                    PRIMARY KEY (organization, subject)
                )
                """),
            .isolate("audit_subject_keys"),
            .expose("audit_log_keys", as: .readWrite), .expose("audit_subject_keys", as: .readWrite),
        ],
        down: [.sql("DROP TABLE audit_subject_keys; DROP TABLE audit_log_keys")])
}
