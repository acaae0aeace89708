-- The outbox: what shall leave the house, written with the decision that wants it. `details` is the whole item; the columns beside it
-- are what is searched. What it says and to whom is kept apart, so that lists never read it, and only as long as it may have to be sent.
-- `step_key` is set while a step of a flow waits for the answer.
CREATE TABLE outbox (
    org_id     TEXT COLLATE "C" NOT NULL,
    id         TEXT COLLATE "C" NOT NULL,
    item_type  TEXT COLLATE "C" NOT NULL,
    state      TEXT COLLATE "C" NOT NULL,
    plugin     TEXT COLLATE "C",
    ticket     TEXT COLLATE "C",
    step_key   TEXT COLLATE "C",
    created_at BIGINT NOT NULL,
    ended_at   BIGINT,
    details    TEXT COLLATE "C" NOT NULL,
    version    BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE INDEX outbox_created ON outbox (org_id, created_at, id);
CREATE INDEX outbox_open ON outbox (org_id, state, created_at, id) WHERE state <> 'delivered' AND state <> 'cancelled';
CREATE INDEX outbox_step ON outbox (org_id, step_key) WHERE step_key IS NOT NULL;
CREATE INDEX outbox_ticket ON outbox (org_id, ticket, created_at) WHERE ticket IS NOT NULL;
CREATE INDEX outbox_ended ON outbox (org_id, ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE outbox_content (
    org_id  TEXT COLLATE "C" NOT NULL,
    id      TEXT COLLATE "C" NOT NULL,
    content TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (org_id, id)
);
