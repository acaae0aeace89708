-- Who serves: a row for each running process, by an id that is random for each start, so that a name that is used again hides nobody.
CREATE TABLE node (
    org_id      TEXT COLLATE "C" NOT NULL,
    id          TEXT COLLATE "C" NOT NULL,
    name        TEXT COLLATE "C" NOT NULL,
    version     TEXT COLLATE "C" NOT NULL,
    started_at  BIGINT NOT NULL,
    seen_at     BIGINT NOT NULL,
    lease_until BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);
