-- Jobs: timers, reactions, outbound effects. `order_at` is the due time that a job was made with and `ordinal` the order in which it
-- was written: together its place among the jobs with the same order key. A retry moves `due_at` and never the place, so a job that
-- waits for its second attempt is not overtaken. `fence` goes up whenever a claim begins or ends.
CREATE TABLE job (
    org_id      TEXT COLLATE "C" NOT NULL,
    id          TEXT COLLATE "C" NOT NULL,
    order_key   TEXT COLLATE "C" NOT NULL,
    order_at    BIGINT NOT NULL,
    ordinal     BIGINT NOT NULL,
    unique_key  TEXT COLLATE "C",
    plugin      TEXT COLLATE "C",
    work        TEXT COLLATE "C" NOT NULL,
    due_at      BIGINT NOT NULL,
    state       TEXT COLLATE "C" NOT NULL,
    attempts    BIGINT NOT NULL,
    last_error  TEXT COLLATE "C",
    lease_owner TEXT COLLATE "C",
    lease_until BIGINT,
    fence       BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);
CREATE UNIQUE INDEX job_unique ON job (org_id, unique_key) WHERE unique_key IS NOT NULL;
CREATE INDEX job_ready ON job (org_id, due_at, ordinal) WHERE state = 'ready';
CREATE INDEX job_order ON job (org_id, order_key, order_at, ordinal);
CREATE INDEX job_leased ON job (org_id, order_key) WHERE lease_owner IS NOT NULL;
CREATE INDEX job_stopped ON job (org_id, state, plugin) WHERE state <> 'ready';

-- Claims of an organisation go through this row one after the other: two nodes that look at the same moment, at states that differ by
-- a job that was put in between, would else both find a first one for the same order key.
CREATE TABLE job_gate (
    org_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (org_id)
);
