-- Who there is: people, groups, spaces, roles, and the secrets they sign in with. Only hashes of secrets are kept.
CREATE TABLE person (
    org_id     TEXT   NOT NULL,
    id         TEXT   NOT NULL,
    login      TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    email      TEXT   NOT NULL,
    manager    TEXT,
    locale     TEXT   NOT NULL,
    zone       TEXT   NOT NULL,
    active     BIGINT NOT NULL,
    attributes TEXT   NOT NULL,
    version    BIGINT NOT NULL,
    search     TEXT   NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX person_login ON person (org_id, login);
CREATE INDEX person_search ON person (org_id, search, id);

CREATE TABLE person_group (
    org_id  TEXT   NOT NULL,
    id      TEXT   NOT NULL,
    title   TEXT   NOT NULL,
    space   TEXT   NOT NULL,
    active  BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);

CREATE TABLE group_member (
    org_id   TEXT   NOT NULL,
    group_id TEXT   NOT NULL,
    person   TEXT   NOT NULL,
    place    BIGINT NOT NULL,
    PRIMARY KEY (org_id, group_id, person)
) WITHOUT ROWID;
CREATE INDEX group_member_person ON group_member (org_id, person);

CREATE TABLE space (
    org_id       TEXT   NOT NULL,
    id           TEXT   NOT NULL,
    title        TEXT   NOT NULL,
    confidential BIGINT NOT NULL,
    calendar     TEXT,
    version      BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);

CREATE TABLE role_assignment (
    org_id TEXT NOT NULL,
    person TEXT NOT NULL,
    space  TEXT NOT NULL,
    role   TEXT NOT NULL,
    PRIMARY KEY (org_id, person, space, role)
) WITHOUT ROWID;

CREATE TABLE password (
    org_id TEXT NOT NULL,
    person TEXT NOT NULL,
    phc    TEXT NOT NULL,
    PRIMARY KEY (org_id, person)
);

CREATE TABLE session (
    org_id     TEXT   NOT NULL,
    token_hash TEXT   NOT NULL,
    person     TEXT   NOT NULL,
    kind       TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, token_hash)
);
CREATE INDEX session_person ON session (org_id, person);

CREATE TABLE notification (
    org_id  TEXT   NOT NULL,
    id      TEXT   NOT NULL,
    person  TEXT   NOT NULL,
    ticket  TEXT,
    at      BIGINT NOT NULL,
    subject TEXT   NOT NULL,
    body    TEXT   NOT NULL,
    is_read BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE INDEX notification_person ON notification (org_id, person, at);
