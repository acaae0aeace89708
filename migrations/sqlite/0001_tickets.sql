-- Tickets and what hangs on them. One column for everything that a list may filter or sort by, so that a plugin never ships DDL; what
-- a kind defines stays JSON text. Every key begins with the organisation. Times are microseconds since 1970, UTC.
-- `search` is number and title in lower case, written by Weft: SQLite's own lower() knows ASCII only.
CREATE TABLE ticket (
    org_id      TEXT   NOT NULL,
    id          TEXT   NOT NULL,
    number      TEXT   NOT NULL,
    kind        TEXT   NOT NULL,
    space       TEXT   NOT NULL,
    state       TEXT   NOT NULL,
    category    TEXT   NOT NULL,
    requester   TEXT,
    opened_by   TEXT,
    group_id    TEXT,
    assignee    TEXT,
    parent      TEXT,
    restricted  BIGINT NOT NULL,
    opened_at   BIGINT NOT NULL,
    due_at      BIGINT,
    title       TEXT   NOT NULL,
    version     BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    resolved_at BIGINT,
    closed_at   BIGINT,
    fields      TEXT   NOT NULL,
    search      TEXT   NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX ticket_number ON ticket (org_id, number);
CREATE INDEX ticket_opened ON ticket (org_id, opened_at, id);
CREATE INDEX ticket_updated ON ticket (org_id, updated_at, id);
CREATE INDEX ticket_due ON ticket (org_id, due_at, id);
CREATE INDEX ticket_kind ON ticket (org_id, kind, state);
CREATE INDEX ticket_space ON ticket (org_id, space, category);
CREATE INDEX ticket_category ON ticket (org_id, category);
CREATE INDEX ticket_requester ON ticket (org_id, requester) WHERE requester IS NOT NULL;
CREATE INDEX ticket_opened_by ON ticket (org_id, opened_by) WHERE opened_by IS NOT NULL;
CREATE INDEX ticket_group ON ticket (org_id, group_id, category);
CREATE INDEX ticket_assignee ON ticket (org_id, assignee, category);
CREATE INDEX ticket_parent ON ticket (org_id, parent) WHERE parent IS NOT NULL;
CREATE INDEX ticket_restricted ON ticket (org_id, restricted) WHERE restricted = 1;

CREATE TABLE comment (
    org_id     TEXT   NOT NULL,
    id         TEXT   NOT NULL,
    ticket     TEXT   NOT NULL,
    visibility TEXT   NOT NULL,
    author     TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    body       TEXT   NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE INDEX comment_ticket ON comment (org_id, ticket, at, id);

CREATE TABLE attachment (
    org_id     TEXT   NOT NULL,
    id         TEXT   NOT NULL,
    ticket     TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    media_type TEXT   NOT NULL,
    size       BIGINT NOT NULL,
    digest     TEXT   NOT NULL,
    author     TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE INDEX attachment_ticket ON attachment (org_id, ticket, at, id);
CREATE INDEX attachment_digest ON attachment (org_id, digest);

CREATE TABLE ticket_link (
    org_id    TEXT NOT NULL,
    from_id   TEXT NOT NULL,
    link_type TEXT NOT NULL,
    to_id     TEXT NOT NULL,
    PRIMARY KEY (org_id, from_id, link_type, to_id)
) WITHOUT ROWID;
CREATE INDEX ticket_link_to ON ticket_link (org_id, to_id);

CREATE TABLE ticket_watcher (
    org_id TEXT NOT NULL,
    ticket TEXT NOT NULL,
    person TEXT NOT NULL,
    PRIMARY KEY (org_id, ticket, person)
) WITHOUT ROWID;
CREATE INDEX ticket_watcher_person ON ticket_watcher (org_id, person, ticket);

CREATE TABLE ticket_access_person (
    org_id TEXT   NOT NULL,
    ticket TEXT   NOT NULL,
    person TEXT   NOT NULL,
    place  BIGINT NOT NULL,
    PRIMARY KEY (org_id, ticket, person)
) WITHOUT ROWID;
CREATE INDEX ticket_access_person_person ON ticket_access_person (org_id, person, ticket);

CREATE TABLE ticket_access_group (
    org_id   TEXT   NOT NULL,
    ticket   TEXT   NOT NULL,
    group_id TEXT   NOT NULL,
    place    BIGINT NOT NULL,
    PRIMARY KEY (org_id, ticket, group_id)
) WITHOUT ROWID;
CREATE INDEX ticket_access_group_group ON ticket_access_group (org_id, group_id, ticket);

-- Clocks are read with their ticket and never searched: what fires them is a job.
CREATE TABLE clock (
    org_id      TEXT   NOT NULL,
    ticket      TEXT   NOT NULL,
    name        TEXT   NOT NULL,
    plugin      TEXT   NOT NULL,
    title       TEXT   NOT NULL,
    state       TEXT   NOT NULL,
    started_at  BIGINT NOT NULL,
    due_at      BIGINT,
    stopped_at  BIGINT,
    breached_at BIGINT,
    reason      TEXT   NOT NULL,
    data        TEXT   NOT NULL,
    PRIMARY KEY (org_id, ticket, name)
) WITHOUT ROWID;

CREATE TABLE blob (
    org_id  TEXT NOT NULL,
    digest  TEXT NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (org_id, digest)
);
