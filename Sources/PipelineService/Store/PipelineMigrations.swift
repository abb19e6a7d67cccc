import Persistence

/// The service's tables. What is bulk lies in objects that rows name; see docs/datasets.md.
enum PipelineMigrations {
    static let all = [datasets, files, pipelines, runs, sweeps, stalls]

    private static let datasets = Migration(
        "pipeline 001 datasets",
        up: [
            .sql(
                """
                CREATE TABLE datasets (
                    organization TEXT NOT NULL, id TEXT NOT NULL, display_name TEXT NOT NULL, columns TEXT NOT NULL,
                    row_count BIGINT NOT NULL, byte_count BIGINT NOT NULL, snapshot BIGINT NOT NULL,
                    created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, version BIGINT NOT NULL,
                    PRIMARY KEY (organization, id)
                );
                CREATE INDEX datasets_by_time ON datasets (organization, created_at, id);
                CREATE TABLE segments (
                    organization TEXT NOT NULL, dataset TEXT NOT NULL, sequence BIGINT NOT NULL,
                    row_count BIGINT NOT NULL, byte_count BIGINT NOT NULL, object TEXT NOT NULL,
                    statistics TEXT NOT NULL,
                    PRIMARY KEY (organization, dataset, sequence),
                    FOREIGN KEY (organization, dataset) REFERENCES datasets (organization, id) ON DELETE CASCADE
                );
                CREATE UNIQUE INDEX segments_by_object ON segments (organization, object)
                """),
            .isolate("datasets"), .expose("datasets", as: .readWrite),
            .isolate("segments"), .expose("segments", as: .readWrite),
        ],
        down: [.sql("DROP TABLE segments"), .sql("DROP TABLE datasets")])

    private static let files = Migration(
        "pipeline 002 files",
        up: [
            .sql(
                """
                CREATE TABLE files (
                    organization TEXT NOT NULL, id TEXT NOT NULL, display_name TEXT NOT NULL, format TEXT NOT NULL,
                    csv TEXT NOT NULL, size BIGINT NOT NULL, digest TEXT NOT NULL, columns TEXT NOT NULL,
                    part_size BIGINT NOT NULL, created_at BIGINT NOT NULL,
                    PRIMARY KEY (organization, id)
                );
                CREATE INDEX files_by_time ON files (organization, created_at, id)
                """),
            .isolate("files"), .expose("files", as: .readWrite),
        ],
        down: [.sql("DROP TABLE files")])

    private static let pipelines = Migration(
        "pipeline 003 pipelines",
        up: [
            .sql(
                """
                CREATE TABLE pipelines (
                    organization TEXT NOT NULL, id TEXT NOT NULL, display_name TEXT NOT NULL, definition BYTEA NOT NULL,
                    created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, version BIGINT NOT NULL,
                    PRIMARY KEY (organization, id)
                );
                CREATE INDEX pipelines_by_time ON pipelines (organization, created_at, id)
                """),
            .isolate("pipelines"), .expose("pipelines", as: .readWrite),
        ],
        down: [.sql("DROP TABLE pipelines")])

    private static let runs = Migration(
        "pipeline 004 runs",
        up: [
            .sql(
                """
                CREATE TABLE runs (
                    organization TEXT NOT NULL, id TEXT NOT NULL, pipeline TEXT NOT NULL, definition BYTEA NOT NULL,
                    pipeline_version BIGINT NOT NULL, input BYTEA NOT NULL, state TEXT NOT NULL,
                    cancel_requested BOOLEAN NOT NULL, input_columns TEXT, dataset TEXT, input_snapshot BIGINT NOT NULL,
                    input_size BIGINT NOT NULL, position_offset BIGINT NOT NULL, position_records BIGINT NOT NULL,
                    batches BIGINT NOT NULL, rows_written BIGINT NOT NULL, rows_quarantined BIGINT NOT NULL,
                    counts TEXT NOT NULL, exceeded TEXT NOT NULL, failure_reason TEXT, failure_message TEXT,
                    failure_field TEXT, initiator TEXT NOT NULL, job BIGINT, created_at BIGINT NOT NULL,
                    started_at BIGINT, ended_at BIGINT, updated_at BIGINT NOT NULL, version BIGINT NOT NULL,
                    PRIMARY KEY (organization, id),
                    FOREIGN KEY (organization, pipeline) REFERENCES pipelines (organization, id) ON DELETE CASCADE
                );
                CREATE INDEX runs_by_time ON runs (organization, created_at, id);
                CREATE INDEX runs_by_pipeline ON runs (organization, pipeline, created_at, id);
                CREATE INDEX runs_under_way ON runs (created_at) WHERE ended_at IS NULL;
                CREATE TABLE run_states (
                    organization TEXT NOT NULL, run TEXT NOT NULL, sequence BIGINT NOT NULL, state BYTEA NOT NULL,
                    PRIMARY KEY (organization, run, sequence),
                    FOREIGN KEY (organization, run) REFERENCES runs (organization, id) ON DELETE CASCADE
                );
                CREATE TABLE quarantined_rows (
                    organization TEXT NOT NULL, run TEXT NOT NULL, number BIGINT NOT NULL, input_row BIGINT NOT NULL,
                    step BIGINT, rule TEXT NOT NULL, reason TEXT NOT NULL, message TEXT NOT NULL, cells TEXT NOT NULL,
                    PRIMARY KEY (organization, run, number),
                    FOREIGN KEY (organization, run) REFERENCES runs (organization, id) ON DELETE CASCADE
                );
                CREATE INDEX quarantined_rows_by_rule ON quarantined_rows (organization, run, rule, number)
                """),
            .isolate("runs"), .expose("runs", as: .readWrite),
            .isolate("run_states"), .expose("run_states", as: .readWrite),
            .isolate("quarantined_rows"), .expose("quarantined_rows", as: .readWrite),
        ],
        down: [.sql("DROP TABLE quarantined_rows"), .sql("DROP TABLE run_states"), .sql("DROP TABLE runs")])

    private static let sweeps = Migration(
        "pipeline 005 sweeps",
        up: [
            .sql(
                """
                CREATE TABLE object_sweeps (
                    organization TEXT NOT NULL, prefix TEXT NOT NULL, due_at BIGINT NOT NULL,
                    PRIMARY KEY (organization, prefix)
                );
                CREATE INDEX object_sweeps_by_time ON object_sweeps (due_at)
                """),
            .isolate("object_sweeps"), .expose("object_sweeps", as: .readWrite),
        ],
        down: [.sql("DROP TABLE object_sweeps")])

    private static let stalls = Migration(
        "pipeline 006 stalls",
        up: [.sql("ALTER TABLE runs ADD COLUMN stalls BIGINT NOT NULL DEFAULT 0")],
        down: [.sql("ALTER TABLE runs DROP COLUMN stalls")])
}
