import Persistence

/// The tables of scrapers, their jobs, and what those collect.
enum ScrapeMigrations {
    static let all = [scrapers, jobs, pages, records, hosts, sweeps, robotsExpiry]

    private static let scrapers = Migration(
        "scrape 001 scrapers",
        up: [
            // definition: a serialized `Scraper` without what the service gives.
            .sql(
                """
                CREATE TABLE scrapers (
                    organization TEXT NOT NULL, id TEXT NOT NULL, display_name TEXT NOT NULL, definition BYTEA NOT NULL,
                    plan_version TEXT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
                    version BIGINT NOT NULL,
                    PRIMARY KEY (organization, id)
                );
                CREATE INDEX scrapers_by_time ON scrapers (organization, created_at, id)
                """),
            .isolate("scrapers"),
            .expose("scrapers", as: .readWrite),
        ],
        down: [.sql("DROP TABLE scrapers")])

    private static let jobs = Migration(
        "scrape 002 jobs",
        up: [
            // plan: the serialized `Scraper` as it was. queued: rows of scrape_pages that wait, those in hand included.
            // next_page, next_record, next_quarantined: the next number. problems: as `ProblemCounts` writes them.
            // rested: microseconds that the job has been paused. lanes: bits of those that have a step in the queue.
            .sql(
                """
                CREATE TABLE scrape_jobs (
                    organization TEXT NOT NULL, id TEXT NOT NULL, scraper TEXT NOT NULL, plan BYTEA NOT NULL,
                    state TEXT NOT NULL CONSTRAINT scrape_jobs_state
                        CHECK (state IN ('queued', 'running', 'paused', 'succeeded', 'failed', 'cancelled')),
                    end_reason TEXT NOT NULL, initiator TEXT NOT NULL, created_at BIGINT NOT NULL, started_at BIGINT,
                    ended_at BIGINT, updated_at BIGINT NOT NULL, paused_at BIGINT, rested BIGINT NOT NULL,
                    lanes BIGINT NOT NULL, next_page BIGINT NOT NULL, next_record BIGINT NOT NULL,
                    next_quarantined BIGINT NOT NULL, queued BIGINT NOT NULL, fetched BIGINT NOT NULL,
                    extracted BIGINT NOT NULL, failed BIGINT NOT NULL, left_out BIGINT NOT NULL, bytes BIGINT NOT NULL,
                    retries BIGINT NOT NULL, problems TEXT NOT NULL,
                    PRIMARY KEY (organization, id)
                );
                CREATE INDEX scrape_jobs_by_time ON scrape_jobs (organization, created_at, id);
                CREATE INDEX scrape_jobs_active ON scrape_jobs (organization, scraper)
                    WHERE state IN ('queued', 'running', 'paused');
                CREATE TABLE scrape_lanes (
                    organization TEXT NOT NULL, job TEXT NOT NULL, lane BIGINT NOT NULL, pages BYTEA NOT NULL,
                    PRIMARY KEY (organization, job, lane)
                );
                CREATE TABLE scrape_job_hosts (
                    organization TEXT NOT NULL, job TEXT NOT NULL, host TEXT NOT NULL, queued BIGINT NOT NULL,
                    pages BIGINT NOT NULL,
                    PRIMARY KEY (organization, job, host)
                );
                CREATE INDEX scrape_job_hosts_open ON scrape_job_hosts (organization, job, host) WHERE queued > 0;
                CREATE TABLE scrape_job_paths (
                    organization TEXT NOT NULL, job TEXT NOT NULL, path BYTEA NOT NULL, pages BIGINT NOT NULL,
                    PRIMARY KEY (organization, job, path)
                )
                """),
            .isolate("scrape_jobs"), .expose("scrape_jobs", as: .readWrite),
            .isolate("scrape_lanes"), .expose("scrape_lanes", as: .readWrite),
            .isolate("scrape_job_hosts"), .expose("scrape_job_hosts", as: .readWrite),
            .isolate("scrape_job_paths"), .expose("scrape_job_paths", as: .readWrite),
        ],
        down: [
            .sql(
                """
                DROP TABLE scrape_job_paths;
                DROP TABLE scrape_job_hosts;
                DROP TABLE scrape_lanes;
                DROP TABLE scrape_jobs
                """)
        ])

    private static let pages = Migration(
        "scrape 003 pages",
        up: [
            // url_key: 128 bits of the URL's SHA-256. kind: 0 a page, 1 a sitemap. referrer, referrer_url: where it was
            // found. hops: redirects in a row that led there. due_at: not before, 0 for at once. pack: the object that
            // its content lies in, at pack_offset.
            .sql(
                """
                CREATE TABLE scrape_pages (
                    organization TEXT NOT NULL, job TEXT NOT NULL, number BIGINT NOT NULL, url TEXT NOT NULL,
                    url_key BYTEA NOT NULL, host TEXT NOT NULL, kind BIGINT NOT NULL, depth BIGINT NOT NULL,
                    hops BIGINT NOT NULL, referrer BIGINT, state BIGINT NOT NULL, due_at BIGINT NOT NULL,
                    attempts BIGINT NOT NULL, problem BIGINT NOT NULL, detail TEXT, robots BIGINT NOT NULL,
                    status BIGINT, fetched_at BIGINT, duration BIGINT, content_type TEXT, charset TEXT, size BIGINT,
                    content_hash BYTEA, records BIGINT, quarantined BIGINT, final_url TEXT, canonical_url TEXT,
                    truncated_by TEXT, pack TEXT, pack_offset BIGINT, pack_size BIGINT,
                    PRIMARY KEY (organization, job, number)
                );
                CREATE UNIQUE INDEX scrape_pages_seen ON scrape_pages (organization, job, url_key);
                CREATE INDEX scrape_pages_open ON scrape_pages (organization, job, host, due_at, number)
                    WHERE state = 0;
                CREATE INDEX scrape_pages_wrong ON scrape_pages (organization, job, state, number)
                    WHERE state > 2;
                CREATE INDEX scrape_pages_content ON scrape_pages (organization, job, content_hash)
                    WHERE state = 2
                """),
            .isolate("scrape_pages"),
            .expose("scrape_pages", as: .readWrite),
        ],
        down: [.sql("DROP TABLE scrape_pages")])

    private static let records = Migration(
        "scrape 004 records",
        up: [
            // payload: a serialized `Record` without name and ordinal, or `QuarantinedRecord` without name.
            .sql(
                """
                CREATE TABLE scrape_records (
                    organization TEXT NOT NULL, job TEXT NOT NULL, ordinal BIGINT NOT NULL, page BIGINT NOT NULL,
                    payload BYTEA NOT NULL,
                    PRIMARY KEY (organization, job, ordinal)
                );
                CREATE TABLE scrape_quarantine (
                    organization TEXT NOT NULL, job TEXT NOT NULL, number BIGINT NOT NULL, page BIGINT NOT NULL,
                    payload BYTEA NOT NULL,
                    PRIMARY KEY (organization, job, number)
                )
                """),
            .isolate("scrape_records"), .expose("scrape_records", as: .readWrite),
            .isolate("scrape_quarantine"), .expose("scrape_quarantine", as: .readWrite),
        ],
        down: [.sql("DROP TABLE scrape_quarantine; DROP TABLE scrape_records")])

    private static let sweeps = Migration(
        "scrape 006 sweeps",
        up: [
            // See `SweepStore`. since: when the job ended, or was deleted. removal: 1 where its rows are to go, too.
            .sql(
                """
                CREATE TABLE scrape_sweeps (
                    organization TEXT NOT NULL, job TEXT NOT NULL, since BIGINT NOT NULL, removal BIGINT NOT NULL,
                    PRIMARY KEY (organization, job)
                );
                CREATE INDEX scrape_sweeps_by_time ON scrape_sweeps (since, job);
                INSERT INTO scrape_sweeps (organization, job, since, removal)
                    SELECT organization, id, COALESCE(ended_at, updated_at), 0 FROM scrape_jobs
                    WHERE state IN ('succeeded', 'failed', 'cancelled')
                """),
            .isolate("scrape_sweeps"),
            .expose("scrape_sweeps", as: .readWrite),
        ],
        down: [.sql("DROP TABLE scrape_sweeps")])

    /// What concerns hosts, whoever asks them: no organization's.
    private static let hosts = Migration(
        "scrape 005 hosts",
        up: [
            // Times in microseconds. scrape_host_holders: how many requests a lane may have under way at a host, and
            // until when. scrape_host_turns: when an organization was last let in, and until when it waits.
            // scrape_robots: body is null where there is no file, or none could be had; see `outcome`.
            .sql(
                """
                CREATE TABLE scrape_hosts (
                    host TEXT NOT NULL, next_at BIGINT NOT NULL, penalty BIGINT NOT NULL, crawl_delay BIGINT NOT NULL,
                    PRIMARY KEY (host)
                );
                CREATE TABLE scrape_host_holders (
                    host TEXT NOT NULL, holder TEXT NOT NULL, slots BIGINT NOT NULL, until BIGINT NOT NULL,
                    PRIMARY KEY (host, holder)
                );
                CREATE INDEX scrape_host_holders_own ON scrape_host_holders (holder);
                CREATE TABLE scrape_host_turns (
                    host TEXT NOT NULL, asker TEXT NOT NULL, served_at BIGINT NOT NULL, waits_until BIGINT NOT NULL,
                    PRIMARY KEY (host, asker)
                );
                CREATE TABLE scrape_robots (
                    origin TEXT NOT NULL, outcome TEXT NOT NULL, body BYTEA, fetched_at BIGINT NOT NULL,
                    expires_at BIGINT NOT NULL,
                    PRIMARY KEY (origin)
                )
                """),
            .expose("scrape_hosts", as: .readWrite), .expose("scrape_host_holders", as: .readWrite),
            .expose("scrape_host_turns", as: .readWrite), .expose("scrape_robots", as: .readWrite),
        ],
        down: [
            .sql(
                """
                DROP TABLE scrape_robots;
                DROP TABLE scrape_host_turns;
                DROP TABLE scrape_host_holders;
                DROP TABLE scrape_hosts
                """)
        ])

    /// Finds rows of scrape_robots that have expired without reading their bodies.
    private static let robotsExpiry = Migration(
        "scrape 007 robots expiry",
        up: [.sql("CREATE INDEX scrape_robots_expiry ON scrape_robots (expires_at, origin)")],
        down: [.sql("DROP INDEX scrape_robots_expiry")])
}
