-- Flows: what is deployed, what runs, who has something to do, and what is waited for. An instance is one row with all its tokens and
-- variables in `state`, so that a step is one update however many branches it moves; the tables beside it hold only what is searched.
CREATE TABLE definition (
    org_id          TEXT COLLATE "C" NOT NULL,
    definition_type TEXT COLLATE "C" NOT NULL,
    id              TEXT COLLATE "C" NOT NULL,
    version         BIGINT NOT NULL,
    name            TEXT COLLATE "C" NOT NULL,
    version_tag     TEXT COLLATE "C",
    digest          TEXT COLLATE "C" NOT NULL,
    plugin          TEXT COLLATE "C",
    source          TEXT COLLATE "C" NOT NULL,
    compiled        TEXT COLLATE "C" NOT NULL,
    bindings        TEXT COLLATE "C" NOT NULL,
    deployed_at     BIGINT NOT NULL,
    deployed_by     TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (org_id, definition_type, id, version)
);

CREATE TABLE flow_instance (
    org_id          TEXT COLLATE "C" NOT NULL,
    id              TEXT COLLATE "C" NOT NULL,
    process         TEXT COLLATE "C" NOT NULL,
    process_version BIGINT NOT NULL,
    ticket          TEXT COLLATE "C",
    business_key    TEXT COLLATE "C",
    space           TEXT COLLATE "C" NOT NULL,
    status          TEXT COLLATE "C" NOT NULL,
    started_at      BIGINT NOT NULL,
    started_by      TEXT COLLATE "C" NOT NULL,
    updated_at      BIGINT NOT NULL,
    ended_at        BIGINT,
    incidents       BIGINT NOT NULL,
    stuck           BIGINT NOT NULL,
    state           TEXT COLLATE "C" NOT NULL,
    version         BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE INDEX flow_instance_ticket ON flow_instance (org_id, ticket) WHERE ticket IS NOT NULL;
CREATE INDEX flow_instance_key ON flow_instance (org_id, business_key, process) WHERE business_key IS NOT NULL;
CREATE INDEX flow_instance_started ON flow_instance (org_id, started_at, id);
CREATE INDEX flow_instance_process ON flow_instance (org_id, process, status, started_at);
CREATE INDEX flow_instance_troubled ON flow_instance (org_id, status) WHERE incidents > 0 OR stuck = 1;

CREATE TABLE task (
    org_id       TEXT COLLATE "C" NOT NULL,
    id           TEXT COLLATE "C" NOT NULL,
    instance     TEXT COLLATE "C" NOT NULL,
    element      TEXT COLLATE "C" NOT NULL,
    process      TEXT COLLATE "C" NOT NULL,
    node         TEXT COLLATE "C" NOT NULL,
    name         TEXT COLLATE "C" NOT NULL,
    ticket       TEXT COLLATE "C",
    space        TEXT COLLATE "C" NOT NULL,
    state        TEXT COLLATE "C" NOT NULL,
    assignee     TEXT COLLATE "C",
    owner        TEXT COLLATE "C",
    candidates   TEXT COLLATE "C" NOT NULL,
    priority     BIGINT NOT NULL,
    due_at       BIGINT,
    follow_up_at BIGINT,
    created_at   BIGINT NOT NULL,
    ended_at     BIGINT,
    ended_by     TEXT COLLATE "C",
    form         TEXT COLLATE "C",
    rule         TEXT COLLATE "C",
    variables    TEXT COLLATE "C" NOT NULL,
    version      BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE INDEX task_instance ON task (org_id, instance);
CREATE INDEX task_ticket ON task (org_id, ticket, state) WHERE ticket IS NOT NULL;
CREATE INDEX task_assignee ON task (org_id, assignee, state) WHERE assignee IS NOT NULL;
CREATE INDEX task_open ON task (org_id, due_at, id) WHERE state = 'open';

-- Who could take an open task. `candidate` begins with `person:` or `group:`. Rows go when the task ends.
CREATE TABLE task_candidate (
    org_id    TEXT COLLATE "C" NOT NULL,
    task      TEXT COLLATE "C" NOT NULL,
    candidate TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (org_id, task, candidate)
);
CREATE INDEX task_candidate_of ON task_candidate (org_id, candidate, task);

CREATE TABLE subscription (
    org_id      TEXT COLLATE "C" NOT NULL,
    id          TEXT COLLATE "C" NOT NULL,
    topic       TEXT COLLATE "C" NOT NULL,
    name        TEXT COLLATE "C" NOT NULL,
    message_key TEXT COLLATE "C" NOT NULL,
    instance    TEXT COLLATE "C",
    process     TEXT COLLATE "C" NOT NULL,
    element     TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE INDEX subscription_topic ON subscription (org_id, topic, name, message_key);

-- Messages that came before their receiver.
CREATE TABLE message (
    org_id      TEXT COLLATE "C" NOT NULL,
    id          TEXT COLLATE "C" NOT NULL,
    name        TEXT COLLATE "C" NOT NULL,
    message_key TEXT COLLATE "C" NOT NULL,
    variables   TEXT COLLATE "C" NOT NULL,
    at          BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE INDEX message_topic ON message (org_id, name, message_key, at);
