-- Jobs: timers, reactions, outbound effects. `order_at` is the due time that a job was made with and `ordinal` the order in which it
-- was written: together its place among the jobs with the same order key. A retry moves `due_at` and never the place, so a job that
-- waits for its second attempt is not overtaken. `fence` goes up whenever a claim begins or ends.
CREATE TABLE job (
    org_id      TEXT   NOT NULL,
    id          TEXT   NOT NULL,
    order_key   TEXT   NOT NULL,
    order_at    BIGINT NOT NULL,
    ordinal     BIGINT NOT NULL,
    unique_key  TEXT,
    plugin      TEXT,
    work        TEXT   NOT NULL,
    due_at      BIGINT NOT NULL,
    state       TEXT   NOT NULL,
    attempts    BIGINT NOT NULL,
    last_error  TEXT,
    lease_owner TEXT,
    lease_until BIGINT,
    fence       BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX job_unique ON job (org_id, unique_key) WHERE unique_key IS NOT NULL;
CREATE INDEX job_ready ON job (org_id, due_at, ordinal) WHERE state = 'ready';
CREATE INDEX job_order ON job (org_id, order_key, order_at, ordinal);
CREATE INDEX job_leased ON job (org_id, order_key) WHERE lease_owner IS NOT NULL;
CREATE INDEX job_stopped ON job (org_id, state, plugin) WHERE state <> 'ready';
