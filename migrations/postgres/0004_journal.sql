-- The append-only journal, chained by subject, and what makes a repeated command harmless.
-- The head says where the journal ends, so that a missing tail is seen: a chain alone cannot show that. It is also the row that every
-- commit of an organisation locks first, on whatever node: that makes the order of commits one order. `ordinal` counts its jobs.
CREATE TABLE event (
    org_id       TEXT COLLATE "C" NOT NULL,
    seq          BIGINT NOT NULL,
    subject_kind TEXT COLLATE "C" NOT NULL,
    subject      TEXT COLLATE "C" NOT NULL,
    subject_seq  BIGINT NOT NULL,
    space        TEXT COLLATE "C" NOT NULL,
    at           BIGINT NOT NULL,
    actor        TEXT COLLATE "C" NOT NULL,
    kind         TEXT COLLATE "C" NOT NULL,
    data         TEXT COLLATE "C" NOT NULL,
    cause        TEXT COLLATE "C" NOT NULL,
    hash         TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (org_id, seq)
);
CREATE UNIQUE INDEX event_subject ON event (org_id, subject_kind, subject, subject_seq);

CREATE TABLE journal_head (
    org_id  TEXT COLLATE "C" NOT NULL,
    seq     BIGINT NOT NULL,
    ordinal BIGINT NOT NULL,
    PRIMARY KEY (org_id)
) WITH (fillfactor = 20);

CREATE TABLE answer (
    org_id      TEXT COLLATE "C" NOT NULL,
    scope       TEXT COLLATE "C" NOT NULL,
    command_key TEXT COLLATE "C" NOT NULL,
    fingerprint TEXT COLLATE "C" NOT NULL,
    answer      TEXT COLLATE "C" NOT NULL,
    at          BIGINT NOT NULL,
    PRIMARY KEY (org_id, scope, command_key)
);
CREATE INDEX answer_at ON answer (org_id, at);

-- Numbers are leased in blocks; a lost block is a gap, never a duplicate.
CREATE TABLE sequence (
    org_id     TEXT COLLATE "C" NOT NULL,
    id         TEXT COLLATE "C" NOT NULL,
    next_value BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);
