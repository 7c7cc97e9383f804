-- Events can be read in the order in which they became visible, without missing one.

SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '5min';
CREATE INDEX outbox_in_order ON outbox (xid, position);

CREATE FUNCTION settled_xid() RETURNS xid8 LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT coalesce(
        (SELECT min(running::text::bigint)::text::xid8
           FROM pg_snapshot_xip(pg_current_snapshot()) AS running
          WHERE NOT EXISTS (SELECT FROM pg_stat_activity AS session
                             WHERE session.backend_xid = running::xid
                               AND session.datname <> current_database())),
        pg_snapshot_xmax(pg_current_snapshot()));
END;
COMMENT ON FUNCTION settled_xid() IS
    'Whatever was written by a transaction before this one is visible now or never will be. As '
    'pg_snapshot_xmin, except that transactions known to be of other databases hold nothing up.';
