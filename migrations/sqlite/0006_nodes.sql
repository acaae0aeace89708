-- Who serves: a row for each running process, by an id that is random for each start, so that a name that is used again hides nobody.
CREATE TABLE node (
    org_id      TEXT NOT NULL,
    id          TEXT NOT NULL,
    name        TEXT NOT NULL,
    version     TEXT NOT NULL,
    started_at  BIGINT NOT NULL,
    seen_at     BIGINT NOT NULL,
    lease_until BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
) WITHOUT ROWID;
