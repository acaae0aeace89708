-- The append-only journal, chained by subject, and what makes a repeated command harmless.
-- The head says where the journal ends, so that a missing tail is seen: a chain alone cannot show that.
CREATE TABLE event (
    org_id       TEXT   NOT NULL,
    seq          BIGINT NOT NULL,
    subject_kind TEXT   NOT NULL,
    subject      TEXT   NOT NULL,
    subject_seq  BIGINT NOT NULL,
    space        TEXT   NOT NULL,
    at           BIGINT NOT NULL,
    actor        TEXT   NOT NULL,
    kind         TEXT   NOT NULL,
    data         TEXT   NOT NULL,
    cause        TEXT   NOT NULL,
    hash         TEXT   NOT NULL,
    PRIMARY KEY (org_id, seq)
) WITHOUT ROWID;
CREATE UNIQUE INDEX event_subject ON event (org_id, subject_kind, subject, subject_seq);

CREATE TABLE journal_head (
    org_id TEXT   NOT NULL,
    seq    BIGINT NOT NULL,
    PRIMARY KEY (org_id)
) WITHOUT ROWID;

CREATE TABLE answer (
    org_id      TEXT   NOT NULL,
    scope       TEXT   NOT NULL,
    command_key TEXT   NOT NULL,
    fingerprint TEXT   NOT NULL,
    answer      TEXT   NOT NULL,
    at          BIGINT NOT NULL,
    PRIMARY KEY (org_id, scope, command_key)
) WITHOUT ROWID;
CREATE INDEX answer_at ON answer (org_id, at);

-- Numbers are leased in blocks; a lost block is a gap, never a duplicate.
CREATE TABLE sequence (
    org_id     TEXT   NOT NULL,
    id         TEXT   NOT NULL,
    next_value BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
) WITHOUT ROWID;
