-- Tickets and what hangs on them. One column for everything that a list may filter or sort by, so that a plugin never ships DDL; what
-- a kind defines stays JSON text. Every key begins with the organisation. Times are microseconds since 1970, UTC.
-- Texts compare byte by byte, whatever the database was made with, so that lists have the same order on every node and every database.
-- `search` is number and title in lower case, written by Weft. `field_digests` has a digest of each name with its value, between spaces: it answers
-- "this field has this value" without taking the JSON apart, and for every name and value that JSON can say.
CREATE TABLE ticket (
    org_id      TEXT COLLATE "C" NOT NULL,
    id          TEXT COLLATE "C" NOT NULL,
    number      TEXT COLLATE "C" NOT NULL,
    kind        TEXT COLLATE "C" NOT NULL,
    space       TEXT COLLATE "C" NOT NULL,
    state       TEXT COLLATE "C" NOT NULL,
    category    TEXT COLLATE "C" NOT NULL,
    requester   TEXT COLLATE "C",
    opened_by   TEXT COLLATE "C",
    group_id    TEXT COLLATE "C",
    assignee    TEXT COLLATE "C",
    parent      TEXT COLLATE "C",
    restricted  BIGINT NOT NULL,
    opened_at   BIGINT NOT NULL,
    due_at      BIGINT,
    title       TEXT COLLATE "C" NOT NULL,
    version     BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    resolved_at BIGINT,
    closed_at   BIGINT,
    fields      TEXT COLLATE "C" NOT NULL,
    search      TEXT COLLATE "C" NOT NULL,
    field_digests TEXT COLLATE "C" NOT NULL,
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
    org_id     TEXT COLLATE "C" NOT NULL,
    id         TEXT COLLATE "C" NOT NULL,
    ticket     TEXT COLLATE "C" NOT NULL,
    visibility TEXT COLLATE "C" NOT NULL,
    author     TEXT COLLATE "C" NOT NULL,
    at         BIGINT NOT NULL,
    body       TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE INDEX comment_ticket ON comment (org_id, ticket, at, id);

CREATE TABLE attachment (
    org_id     TEXT COLLATE "C" NOT NULL,
    id         TEXT COLLATE "C" NOT NULL,
    ticket     TEXT COLLATE "C" NOT NULL,
    name       TEXT COLLATE "C" NOT NULL,
    media_type TEXT COLLATE "C" NOT NULL,
    size       BIGINT NOT NULL,
    digest     TEXT COLLATE "C" NOT NULL,
    author     TEXT COLLATE "C" NOT NULL,
    at         BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE INDEX attachment_ticket ON attachment (org_id, ticket, at, id);
CREATE INDEX attachment_digest ON attachment (org_id, digest);

CREATE TABLE ticket_link (
    org_id    TEXT COLLATE "C" NOT NULL,
    from_id   TEXT COLLATE "C" NOT NULL,
    link_type TEXT COLLATE "C" NOT NULL,
    to_id     TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (org_id, from_id, link_type, to_id)
);
CREATE INDEX ticket_link_to ON ticket_link (org_id, to_id);

CREATE TABLE ticket_watcher (
    org_id TEXT COLLATE "C" NOT NULL,
    ticket TEXT COLLATE "C" NOT NULL,
    person TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (org_id, ticket, person)
);
CREATE INDEX ticket_watcher_person ON ticket_watcher (org_id, person, ticket);

CREATE TABLE ticket_access_person (
    org_id TEXT COLLATE "C" NOT NULL,
    ticket TEXT COLLATE "C" NOT NULL,
    person TEXT COLLATE "C" NOT NULL,
    place  BIGINT NOT NULL,
    PRIMARY KEY (org_id, ticket, person)
);
CREATE INDEX ticket_access_person_person ON ticket_access_person (org_id, person, ticket);

CREATE TABLE ticket_access_group (
    org_id   TEXT COLLATE "C" NOT NULL,
    ticket   TEXT COLLATE "C" NOT NULL,
    group_id TEXT COLLATE "C" NOT NULL,
    place    BIGINT NOT NULL,
    PRIMARY KEY (org_id, ticket, group_id)
);
CREATE INDEX ticket_access_group_group ON ticket_access_group (org_id, group_id, ticket);

-- Clocks are read with their ticket and never searched: what fires them is a job.
CREATE TABLE clock (
    org_id      TEXT COLLATE "C" NOT NULL,
    ticket      TEXT COLLATE "C" NOT NULL,
    name        TEXT COLLATE "C" NOT NULL,
    plugin      TEXT COLLATE "C" NOT NULL,
    title       TEXT COLLATE "C" NOT NULL,
    state       TEXT COLLATE "C" NOT NULL,
    started_at  BIGINT NOT NULL,
    due_at      BIGINT,
    stopped_at  BIGINT,
    breached_at BIGINT,
    reason      TEXT COLLATE "C" NOT NULL,
    data        TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (org_id, ticket, name)
);

CREATE TABLE blob (
    org_id  TEXT COLLATE "C" NOT NULL,
    digest  TEXT COLLATE "C" NOT NULL,
    content BYTEA NOT NULL,
    PRIMARY KEY (org_id, digest)
);
