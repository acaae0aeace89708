-- Configuration items, records, calendars and what is installed.
CREATE TABLE ci (
    org_id     TEXT COLLATE "C" NOT NULL,
    id         TEXT COLLATE "C" NOT NULL,
    name       TEXT COLLATE "C" NOT NULL,
    class      TEXT COLLATE "C" NOT NULL,
    space      TEXT COLLATE "C" NOT NULL,
    attributes TEXT COLLATE "C" NOT NULL,
    version    BIGINT NOT NULL,
    search     TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE INDEX ci_search ON ci (org_id, search, id);
CREATE INDEX ci_of_class ON ci (org_id, class);
CREATE INDEX ci_space ON ci (org_id, space);

CREATE TABLE ci_class (
    org_id     TEXT COLLATE "C" NOT NULL,
    id         TEXT COLLATE "C" NOT NULL,
    definition TEXT COLLATE "C" NOT NULL,
    version    BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);

CREATE TABLE ci_relation (
    org_id        TEXT COLLATE "C" NOT NULL,
    from_id       TEXT COLLATE "C" NOT NULL,
    relation_type TEXT COLLATE "C" NOT NULL,
    to_id         TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (org_id, from_id, relation_type, to_id)
);
CREATE INDEX ci_relation_to ON ci_relation (org_id, to_id);

-- Counts the changes of a CI's relations, so that a decision that walked them can be checked without walking them again.
CREATE TABLE ci_relation_version (
    org_id  TEXT COLLATE "C" NOT NULL,
    id      TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);

CREATE TABLE record (
    org_id     TEXT COLLATE "C" NOT NULL,
    id         TEXT COLLATE "C" NOT NULL,
    number     TEXT COLLATE "C" NOT NULL,
    kind       TEXT COLLATE "C" NOT NULL,
    space      TEXT COLLATE "C" NOT NULL,
    state      TEXT COLLATE "C" NOT NULL,
    category   TEXT COLLATE "C" NOT NULL,
    title      TEXT COLLATE "C" NOT NULL,
    version    BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    fields     TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX record_number ON record (org_id, number);
CREATE INDEX record_kind ON record (org_id, kind, number);

CREATE TABLE calendar (
    org_id     TEXT COLLATE "C" NOT NULL,
    id         TEXT COLLATE "C" NOT NULL,
    definition TEXT COLLATE "C" NOT NULL,
    version    BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);

CREATE TABLE plugin (
    org_id     TEXT COLLATE "C" NOT NULL,
    id         TEXT COLLATE "C" NOT NULL,
    definition TEXT COLLATE "C" NOT NULL,
    version    BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);

CREATE TABLE component (
    org_id TEXT COLLATE "C" NOT NULL,
    digest TEXT COLLATE "C" NOT NULL,
    wasm   BYTEA NOT NULL,
    PRIMARY KEY (org_id, digest)
);
