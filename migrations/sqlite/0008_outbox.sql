-- The outbox: what shall leave the house, written with the decision that wants it. `details` is the whole item; the columns beside it
-- are what is searched. What it says and to whom is kept apart, so that lists never read it, and only as long as it may have to be sent.
-- `step_key` is set while a step of a flow waits for the answer.
CREATE TABLE outbox (
    org_id     TEXT   NOT NULL,
    id         TEXT   NOT NULL,
    item_type  TEXT   NOT NULL,
    state      TEXT   NOT NULL,
    plugin     TEXT,
    ticket     TEXT,
    step_key   TEXT,
    created_at BIGINT NOT NULL,
    ended_at   BIGINT,
    details    TEXT   NOT NULL,
    version    BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE INDEX outbox_created ON outbox (org_id, created_at, id);
CREATE INDEX outbox_open ON outbox (org_id, state, created_at, id) WHERE state <> 'delivered' AND state <> 'cancelled';
CREATE INDEX outbox_step ON outbox (org_id, step_key) WHERE step_key IS NOT NULL;
CREATE INDEX outbox_ticket ON outbox (org_id, ticket, created_at) WHERE ticket IS NOT NULL;
CREATE INDEX outbox_ended ON outbox (org_id, ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE outbox_content (
    org_id  TEXT NOT NULL,
    id      TEXT NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (org_id, id)
);
