-- Old closed tickets are archived: they stay and answer to their number, and lists, counts and search leave them out. Any change of a
-- ticket brings it back. The indexes are for finding what is old enough, a page at a time.
ALTER TABLE ticket ADD COLUMN archived_at BIGINT;
CREATE INDEX ticket_closed ON ticket (org_id, closed_at) WHERE closed_at IS NOT NULL AND archived_at IS NULL;
CREATE INDEX session_expires ON session (org_id, expires_at);
CREATE INDEX notification_at ON notification (org_id, at);
