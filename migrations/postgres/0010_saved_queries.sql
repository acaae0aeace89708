-- Questions that people keep for themselves or for others.
CREATE TABLE saved_query (
    org_id     TEXT COLLATE "C" NOT NULL,
    id         TEXT COLLATE "C" NOT NULL,
    definition TEXT COLLATE "C" NOT NULL,
    version    BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);
