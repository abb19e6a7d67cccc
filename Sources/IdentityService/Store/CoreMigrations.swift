import Persistence

/// The tables of organizations, people and what they may do.
enum CoreMigrations {
    static let all = [organizations, users, members]

    private static let organizations = Migration(
        "identity 001 organizations",
        up: [
            // allowed_networks: canonical blocks with spaces between. At most one row is the operator's.
            .sql(
                """
                CREATE TABLE organizations (
                    id TEXT NOT NULL, display_name TEXT NOT NULL, allowed_networks TEXT NOT NULL,
                    is_operator BOOLEAN NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
                    version BIGINT NOT NULL,
                    PRIMARY KEY (id)
                );
                CREATE UNIQUE INDEX organizations_operator ON organizations (is_operator) WHERE is_operator;
                CREATE INDEX organizations_by_time ON organizations (created_at, id)
                """),
            .isolate("organizations", column: "id"),
            .expose("organizations", as: .readWrite),
        ],
        down: [.sql("DROP TABLE organizations")])

    private static let users = Migration(
        "identity 002 users",
        up: [
            // *_folded: in the form that is compared. password_hash: null where the person cannot log in by password.
            .sql(
                """
                CREATE TABLE users (
                    organization TEXT NOT NULL, id TEXT NOT NULL, email TEXT NOT NULL, email_folded TEXT NOT NULL,
                    display_name TEXT NOT NULL, display_name_folded TEXT NOT NULL, password_hash TEXT,
                    state TEXT NOT NULL CONSTRAINT users_state CHECK (state IN ('active', 'disabled')),
                    created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, last_login_at BIGINT,
                    version BIGINT NOT NULL,
                    PRIMARY KEY (organization, id),
                    CONSTRAINT users_organization FOREIGN KEY (organization) REFERENCES organizations (id)
                );
                CREATE UNIQUE INDEX users_email ON users (organization, email_folded);
                CREATE INDEX users_by_email ON users (email_folded);
                CREATE INDEX users_by_time ON users (organization, created_at, id)
                """),
            .isolate("users"),
            .expose("users", as: .readWrite),
        ],
        down: [.sql("DROP TABLE users")])

    private static let members = Migration(
        "identity 003 members",
        up: [
            // roles: 1 admin, 2 editor, 4 viewer, added up.
            .sql(
                """
                CREATE TABLE members (
                    organization TEXT NOT NULL, user_id TEXT NOT NULL,
                    roles BIGINT NOT NULL CONSTRAINT members_roles CHECK (roles > 0),
                    created_at BIGINT NOT NULL, version BIGINT NOT NULL,
                    PRIMARY KEY (organization, user_id),
                    CONSTRAINT members_user FOREIGN KEY (organization, user_id) REFERENCES users (organization, id)
                );
                CREATE INDEX members_by_time ON members (organization, created_at, user_id)
                """),
            .isolate("members"),
            .expose("members", as: .readWrite),
        ],
        down: [.sql("DROP TABLE members")])
}
