-- Who there is: people, groups, spaces, roles, and the secrets they sign in with. Only hashes of secrets are kept.
CREATE TABLE person (
    org_id     TEXT COLLATE "C" NOT NULL,
    id         TEXT COLLATE "C" NOT NULL,
    login      TEXT COLLATE "C" NOT NULL,
    name       TEXT COLLATE "C" NOT NULL,
    email      TEXT COLLATE "C" NOT NULL,
    manager    TEXT COLLATE "C",
    locale     TEXT COLLATE "C" NOT NULL,
    zone       TEXT COLLATE "C" NOT NULL,
    active     BIGINT NOT NULL,
    attributes TEXT COLLATE "C" NOT NULL,
    version    BIGINT NOT NULL,
    search     TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX person_login ON person (org_id, login);
CREATE INDEX person_search ON person (org_id, search, id);

CREATE TABLE person_group (
    org_id  TEXT COLLATE "C" NOT NULL,
    id      TEXT COLLATE "C" NOT NULL,
    title   TEXT COLLATE "C" NOT NULL,
    space   TEXT COLLATE "C" NOT NULL,
    active  BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);

CREATE TABLE group_member (
    org_id   TEXT COLLATE "C" NOT NULL,
    group_id TEXT COLLATE "C" NOT NULL,
    person   TEXT COLLATE "C" NOT NULL,
    place    BIGINT NOT NULL,
    PRIMARY KEY (org_id, group_id, person)
);
CREATE INDEX group_member_person ON group_member (org_id, person);

CREATE TABLE space (
    org_id       TEXT COLLATE "C" NOT NULL,
    id           TEXT COLLATE "C" NOT NULL,
    title        TEXT COLLATE "C" NOT NULL,
    confidential BIGINT NOT NULL,
    calendar     TEXT COLLATE "C",
    version      BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);

CREATE TABLE role_assignment (
    org_id TEXT COLLATE "C" NOT NULL,
    person TEXT COLLATE "C" NOT NULL,
    space  TEXT COLLATE "C" NOT NULL,
    role   TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (org_id, person, space, role)
);

CREATE TABLE password (
    org_id TEXT COLLATE "C" NOT NULL,
    person TEXT COLLATE "C" NOT NULL,
    phc    TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (org_id, person)
);

CREATE TABLE session (
    org_id     TEXT COLLATE "C" NOT NULL,
    token_hash TEXT COLLATE "C" NOT NULL,
    person     TEXT COLLATE "C" NOT NULL,
    kind       TEXT COLLATE "C" NOT NULL,
    name       TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, token_hash)
);
CREATE INDEX session_person ON session (org_id, person);

CREATE TABLE notification (
    org_id  TEXT COLLATE "C" NOT NULL,
    id      TEXT COLLATE "C" NOT NULL,
    person  TEXT COLLATE "C" NOT NULL,
    ticket  TEXT COLLATE "C",
    at      BIGINT NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    body    TEXT COLLATE "C" NOT NULL,
    is_read BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE INDEX notification_person ON notification (org_id, person, at);
