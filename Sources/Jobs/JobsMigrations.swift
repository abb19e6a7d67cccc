public import Persistence

/// The queue's tables. A service puts these before its own migrations, as they are.
public enum JobsMigrations {
    public static let all = [jobs, schedules, outbox]

    /// One partial index for each question that is asked often: a row stands in at most two of them at a time, so that
    /// a claim costs the same however many jobs wait.
    private static let jobs = Migration(
        "jobs 001 queue",
        up: [
            // Numbers are never used again, as effects are keyed by them.
            .sql(
                sqlite: """
                    CREATE TABLE jobs (
                        id INTEGER PRIMARY KEY AUTOINCREMENT,
                        organization TEXT NOT NULL,
                        initiator TEXT NOT NULL,
                        kind TEXT NOT NULL,
                        state TEXT NOT NULL,
                        priority BIGINT NOT NULL,
                        run_at BIGINT NOT NULL,
                        created_at BIGINT NOT NULL,
                        attempt BIGINT NOT NULL DEFAULT 0,
                        maximum_attempts BIGINT NOT NULL,
                        fence BIGINT NOT NULL DEFAULT 0,
                        worker TEXT,
                        started_at BIGINT,
                        finished_at BIGINT,
                        unique_key TEXT,
                        limit_key TEXT,
                        limit_concurrency BIGINT,
                        limit_interval BIGINT,
                        limit_burst BIGINT,
                        cancel_requested BOOLEAN NOT NULL DEFAULT FALSE,
                        progress DOUBLE PRECISION,
                        note TEXT,
                        reason TEXT,
                        error TEXT,
                        payload BYTEA NOT NULL
                    )
                    """,
                postgres: """
                    CREATE TABLE jobs (
                        id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                        organization TEXT NOT NULL,
                        initiator TEXT NOT NULL,
                        kind TEXT NOT NULL,
                        state TEXT NOT NULL,
                        priority BIGINT NOT NULL,
                        run_at BIGINT NOT NULL,
                        created_at BIGINT NOT NULL,
                        attempt BIGINT NOT NULL DEFAULT 0,
                        maximum_attempts BIGINT NOT NULL,
                        fence BIGINT NOT NULL DEFAULT 0,
                        worker TEXT,
                        started_at BIGINT,
                        finished_at BIGINT,
                        unique_key TEXT,
                        limit_key TEXT,
                        limit_concurrency BIGINT,
                        limit_interval BIGINT,
                        limit_burst BIGINT,
                        cancel_requested BOOLEAN NOT NULL DEFAULT FALSE,
                        progress DOUBLE PRECISION,
                        note TEXT,
                        reason TEXT,
                        error TEXT,
                        payload BYTEA NOT NULL
                    )
                    """),
            .sql(
                """
                CREATE INDEX jobs_ready ON jobs (kind, priority, id) WHERE state = 'ready';
                CREATE INDEX jobs_scheduled ON jobs (run_at, id) WHERE state = 'scheduled';
                CREATE INDEX jobs_running ON jobs (worker, id) WHERE state = 'running';
                CREATE INDEX jobs_held ON jobs (kind, limit_key, priority, id) WHERE state = 'held';
                CREATE INDEX jobs_limited ON jobs (kind, limit_key) WHERE state = 'running' AND limit_key IS NOT NULL;
                CREATE INDEX jobs_finished ON jobs (state, kind, finished_at, id) WHERE finished_at IS NOT NULL;
                CREATE UNIQUE INDEX jobs_unique ON jobs (organization, kind, unique_key)
                    WHERE unique_key IS NOT NULL AND finished_at IS NULL;
                CREATE INDEX jobs_organization ON jobs (organization, id);
                CREATE TABLE job_attempts (
                    organization TEXT NOT NULL,
                    job BIGINT NOT NULL,
                    fence BIGINT NOT NULL,
                    attempt BIGINT NOT NULL,
                    worker TEXT,
                    started_at BIGINT NOT NULL,
                    ended_at BIGINT NOT NULL,
                    outcome TEXT NOT NULL,
                    error TEXT NOT NULL,
                    PRIMARY KEY (job, fence)
                );
                CREATE TABLE job_workers (
                    id TEXT NOT NULL PRIMARY KEY,
                    name TEXT NOT NULL,
                    started_at BIGINT NOT NULL,
                    lease_until BIGINT NOT NULL,
                    is_lost BOOLEAN NOT NULL DEFAULT FALSE
                );
                CREATE TABLE job_limits (
                    kind TEXT NOT NULL,
                    key TEXT NOT NULL,
                    next_start BIGINT NOT NULL,
                    open_at BIGINT,
                    PRIMARY KEY (kind, key)
                );
                CREATE INDEX job_limits_open ON job_limits (open_at) WHERE open_at IS NOT NULL
                """),
            .isolate("jobs"), .isolate("job_attempts"),
            .expose("jobs", as: .readWrite), .expose("job_attempts", as: .readWrite),
            .expose("job_workers", as: .readWrite), .expose("job_limits", as: .readWrite),
        ],
        down: [
            .sql("DROP TABLE job_limits; DROP TABLE job_workers; DROP TABLE job_attempts; DROP TABLE jobs")
        ])

    private static let schedules = Migration(
        "jobs 002 schedules",
        up: [
            .sql(
                """
                CREATE TABLE job_schedules (
                    name TEXT NOT NULL PRIMARY KEY,
                    organization TEXT NOT NULL,
                    initiator TEXT NOT NULL,
                    kind TEXT NOT NULL,
                    cron TEXT NOT NULL,
                    time_zone TEXT NOT NULL,
                    missed TEXT NOT NULL,
                    overlap TEXT NOT NULL,
                    priority BIGINT NOT NULL,
                    maximum_attempts BIGINT NOT NULL,
                    is_enabled BOOLEAN NOT NULL,
                    next_at BIGINT,
                    last_at BIGINT,
                    error TEXT,
                    payload BYTEA NOT NULL
                );
                CREATE INDEX job_schedules_due ON job_schedules (next_at) WHERE is_enabled AND next_at IS NOT NULL;
                CREATE INDEX job_schedules_organization ON job_schedules (organization, name)
                """),
            .isolate("job_schedules"), .expose("job_schedules", as: .readWrite),
        ],
        down: [.sql("DROP TABLE job_schedules")])

    private static let outbox = Migration(
        "jobs 003 outbox",
        up: [
            .sql(
                sqlite: """
                    CREATE TABLE outbox_messages (
                        id INTEGER PRIMARY KEY AUTOINCREMENT,
                        organization TEXT NOT NULL,
                        destination TEXT NOT NULL,
                        key TEXT NOT NULL,
                        state TEXT NOT NULL,
                        created_at BIGINT NOT NULL,
                        attempt BIGINT NOT NULL DEFAULT 0,
                        died_at BIGINT,
                        error TEXT,
                        payload BYTEA NOT NULL
                    )
                    """,
                postgres: """
                    CREATE TABLE outbox_messages (
                        id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                        organization TEXT NOT NULL,
                        destination TEXT NOT NULL,
                        key TEXT NOT NULL,
                        state TEXT NOT NULL,
                        created_at BIGINT NOT NULL,
                        attempt BIGINT NOT NULL DEFAULT 0,
                        died_at BIGINT,
                        error TEXT,
                        payload BYTEA NOT NULL
                    )
                    """),
            .sql(
                """
                CREATE INDEX outbox_messages_ready ON outbox_messages (destination, id) WHERE state = 'ready';
                CREATE INDEX outbox_messages_key ON outbox_messages (destination, key, id) WHERE state <> 'dead';
                CREATE INDEX outbox_messages_dead ON outbox_messages (destination, id) WHERE state = 'dead';
                CREATE TABLE outbox_keys (
                    destination TEXT NOT NULL,
                    key TEXT NOT NULL,
                    relay TEXT NOT NULL,
                    failures BIGINT NOT NULL,
                    next_at BIGINT NOT NULL,
                    PRIMARY KEY (destination, key)
                );
                CREATE INDEX outbox_keys_next ON outbox_keys (destination, next_at)
                """),
            .isolate("outbox_messages"), .expose("outbox_messages", as: .readWrite),
            .expose("outbox_keys", as: .readWrite),
        ],
        down: [.sql("DROP TABLE outbox_keys; DROP TABLE outbox_messages")])
}
