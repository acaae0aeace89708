-- Configuration items, records, calendars and what is installed.
CREATE TABLE ci (
    org_id     TEXT   NOT NULL,
    id         TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    class      TEXT   NOT NULL,
    space      TEXT   NOT NULL,
    attributes TEXT   NOT NULL,
    version    BIGINT NOT NULL,
    search     TEXT   NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE INDEX ci_search ON ci (org_id, search, id);
CREATE INDEX ci_of_class ON ci (org_id, class);
CREATE INDEX ci_space ON ci (org_id, space);

CREATE TABLE ci_class (
    org_id     TEXT   NOT NULL,
    id         TEXT   NOT NULL,
    definition TEXT   NOT NULL,
    version    BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);

CREATE TABLE ci_relation (
    org_id        TEXT NOT NULL,
    from_id       TEXT NOT NULL,
    relation_type TEXT NOT NULL,
    to_id         TEXT NOT NULL,
    PRIMARY KEY (org_id, from_id, relation_type, to_id)
) WITHOUT ROWID;
CREATE INDEX ci_relation_to ON ci_relation (org_id, to_id);

-- Counts the changes of a CI's relations, so that a decision that walked them can be checked without walking them again.
CREATE TABLE ci_relation_version (
    org_id  TEXT   NOT NULL,
    id      TEXT   NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
) WITHOUT ROWID;

CREATE TABLE record (
    org_id     TEXT   NOT NULL,
    id         TEXT   NOT NULL,
    number     TEXT   NOT NULL,
    kind       TEXT   NOT NULL,
    space      TEXT   NOT NULL,
    state      TEXT   NOT NULL,
    category   TEXT   NOT NULL,
    title      TEXT   NOT NULL,
    version    BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    fields     TEXT   NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX record_number ON record (org_id, number);
CREATE INDEX record_kind ON record (org_id, kind, number);

CREATE TABLE calendar (
    org_id     TEXT   NOT NULL,
    id         TEXT   NOT NULL,
    definition TEXT   NOT NULL,
    version    BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);

CREATE TABLE plugin (
    org_id     TEXT   NOT NULL,
    id         TEXT   NOT NULL,
    definition TEXT   NOT NULL,
    version    BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);

CREATE TABLE component (
    org_id TEXT NOT NULL,
    digest TEXT NOT NULL,
    wasm   BLOB NOT NULL,
    PRIMARY KEY (org_id, digest)
);
