-- Questions that people keep for themselves or for others.
CREATE TABLE saved_query (
    org_id     TEXT   NOT NULL,
    id         TEXT   NOT NULL,
    definition TEXT   NOT NULL,
    version    BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);
