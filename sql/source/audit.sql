-- The audit: of the whole market, and of what came after a checkpoint. The checks are one text, audit/checks.sql; what it
-- reads is named before it, in audit/whole.sql or audit/since_checkpoint.sql.

CREATE FUNCTION mvm.violations()
    RETURNS TABLE (check_name text, subject text, expected numeric, actual numeric)
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
    -- One statement, so one snapshot: an audit beside running trades is exact.
\include source/audit/whole.sql
\include source/audit/checks.sql
$$;
COMMENT ON FUNCTION mvm.violations() IS 'What mvm_audit() answers';

-- Privilege set: reader
CREATE FUNCTION @extschema@.mvm_audit() RETURNS TABLE (check_name text, subject text, expected numeric, actual numeric)
    LANGUAGE c STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
    AS 'MODULE_PATHNAME', 'mvm_audit';
COMMENT ON FUNCTION @extschema@.mvm_audit() IS
    'A row per violation, none when the market is clean: wallets and snapshots of their balances against the ledger, the links of the journal''s rows, zero sums per transaction and currency, stock against its movements, conversions never below the rate, holds, accepted quotes and the house''s accounts against their journal rows and the rates that there were, refunds within their purchases, universes'' rates against their history, references, idempotency keys, sequences. Amounts in minor units';

CREATE FUNCTION mvm.violations_since_checkpoint()
    RETURNS TABLE (check_name text, subject text, expected numeric, actual numeric)
    -- The planner cannot know how few rows are later, and compiling the query would take longer than running it.
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
    -- One statement, so one snapshot.
\include source/audit/since_checkpoint.sql
\include source/audit/checks.sql
$$;
COMMENT ON FUNCTION mvm.violations_since_checkpoint() IS
    'What mvm_audit(since) answers: the checks of mvm_audit() on the rows that the checkpoint did not know';

CREATE FUNCTION mvm.next_transaction_id() RETURNS xid8
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_next_transaction_id';
COMMENT ON FUNCTION mvm.next_transaction_id() IS 'The id that the next writing transaction will get';

CREATE FUNCTION mvm.journal_digest(digest_before bytea, known int8multirange, covered int8multirange) RETURNS bytea
    LANGUAGE c STABLE STRICT SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' SET jit = off
    AS 'MODULE_PATHNAME', 'mvm_journal_digest';
COMMENT ON FUNCTION mvm.journal_digest(bytea, int8multirange, int8multirange) IS
    'SHA-256 over digest_before and, each as a line of text, covered and the journal rows with ids in it and not in known, in the order of their ids';

-- Bound to the functions that it calls, not to their names: who owns their schema may rename it and make another.
CREATE FUNCTION mvm.write_audit_checkpoint(anew boolean)
    RETURNS TABLE (checkpoint_id bigint, violations bigint)
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp SET jit = off
BEGIN ATOMIC
    -- One statement: audit, boundary, balances and stocks are of one snapshot. The journal rows that it sees are those up
    -- to the highest id but the gaps in between; a transaction in flight has its rows in a gap or above, whenever it
    -- commits. A gap that was there at the checkpoint before is for good once no transaction of that time is left.
    WITH previous AS MATERIALIZED (
        SELECT c.id, CASE WHEN NOT anew THEN c.journal_id END AS journal_id, c.pending, c.next_transaction_id
        FROM (SELECT) AS one LEFT JOIN mvm.audit_checkpoint c ON true
    ), violation AS MATERIALIZED (
        SELECT count(*) AS count FROM (
            SELECT FROM @extschema@.mvm_audit() WHERE (SELECT journal_id IS NULL FROM previous)
            UNION ALL
            SELECT FROM mvm.violations_since_checkpoint() WHERE (SELECT journal_id IS NOT NULL FROM previous)
        ) v
    ), gap AS (
        SELECT range_agg(int8range(g.before + 1, g.id)) AS ids
        FROM (
            SELECT j.id, lag(j.id, 1, (SELECT COALESCE(journal_id, 0) FROM previous)) OVER (ORDER BY j.id) AS before
            FROM mvm.journal j
            WHERE j.id > (SELECT COALESCE(journal_id, 0) FROM previous) AND j.id <= 9223372036854775807
        ) g
        WHERE g.id > g.before + 1
    ), old_gap AS (
        SELECT p.pending - COALESCE(range_agg(int8range(j.id, j.id, '[]')) FILTER (WHERE j.id IS NOT NULL), '{}') AS ids
        FROM previous p
        LEFT JOIN unnest(p.pending) AS r (ids) ON true
        LEFT JOIN mvm.journal j ON j.id >= lower(r.ids) AND j.id < upper(r.ids)
        WHERE p.journal_id IS NOT NULL AND pg_snapshot_xmin(pg_current_snapshot()) < p.next_transaction_id
        GROUP BY p.pending
    ), written AS (
        INSERT INTO mvm.audit_checkpoint AS c (id, made_at, journal_id, pending, next_transaction_id)
        SELECT COALESCE(p.id, 0) + 1, clock_timestamp(),
            GREATEST(p.journal_id, (SELECT max(j.id) FROM mvm.journal j), 0),
            COALESCE((SELECT ids FROM gap), '{}') + COALESCE((SELECT ids FROM old_gap), '{}'),
            mvm.next_transaction_id()
        FROM previous p, violation v
        WHERE v.count = 0
        ON CONFLICT (only_one) DO UPDATE SET id = EXCLUDED.id, made_at = EXCLUDED.made_at,
            journal_id = EXCLUDED.journal_id, pending = EXCLUDED.pending,
            next_transaction_id = EXCLUDED.next_transaction_id
        RETURNING c.id, -- From the lowest number on: no sequence draws what is below 1, but a hand may.
            int8multirange(int8range(-9223372036854775808, c.journal_id + 1)) - c.pending AS covered
    ), digests AS (
        INSERT INTO mvm.audit_digest (checkpoint_id, covered, digest)
        SELECT w.id, w.covered, mvm.journal_digest(COALESCE(d.digest, ''), COALESCE(d.covered, '{}'), w.covered)
        FROM written w
        LEFT JOIN (
            SELECT d.covered, d.digest FROM mvm.audit_digest d ORDER BY d.checkpoint_id DESC LIMIT 1
        ) d ON true
    ), wallets AS (
        INSERT INTO mvm.audit_wallet AS a (user_id, universe_id, balance_minor, last_journal_id)
        SELECT COALESCE(w.user_id, k.user_id), COALESCE(w.universe_id, k.universe_id), COALESCE(w.balance_minor, 0),
            COALESCE(w.last_journal_id, 0)
        FROM mvm.wallet w
        FULL JOIN mvm.audit_wallet k ON k.user_id = w.user_id AND k.universe_id = w.universe_id
        WHERE (SELECT v.count = 0 FROM violation v)
          AND (COALESCE(w.balance_minor, 0), COALESCE(w.last_journal_id, 0))
            IS DISTINCT FROM (k.balance_minor, k.last_journal_id)
        ON CONFLICT (user_id, universe_id) DO UPDATE SET balance_minor = EXCLUDED.balance_minor,
            last_journal_id = EXCLUDED.last_journal_id
    ), items AS (
        INSERT INTO mvm.audit_item AS a (item_id, stock)
        SELECT COALESCE(i.id, k.item_id), COALESCE(i.stock, 0)
        FROM mvm.item i
        FULL JOIN mvm.audit_item k ON k.item_id = i.id
        WHERE (SELECT v.count = 0 FROM violation v) AND COALESCE(i.stock, 0) IS DISTINCT FROM k.stock
        ON CONFLICT (item_id) DO UPDATE SET stock = EXCLUDED.stock
    ), holds AS (
        INSERT INTO mvm.audit_hold AS a (universe_id, held_minor)
        SELECT COALESCE(h.universe_id, k.universe_id), COALESCE(h.held_minor, 0)
        FROM (
            SELECT from_universe_id AS universe_id, sum(paid_minor) AS held_minor
            FROM mvm.hold WHERE state = 'a' GROUP BY from_universe_id
        ) h
        FULL JOIN mvm.audit_hold k ON k.universe_id = h.universe_id
        WHERE (SELECT v.count = 0 FROM violation v) AND COALESCE(h.held_minor, 0) IS DISTINCT FROM k.held_minor
        ON CONFLICT (universe_id) DO UPDATE SET held_minor = EXCLUDED.held_minor
    ), house_accounts AS (
        INSERT INTO mvm.audit_house_account AS a (universe_id, treasury_minor, fees_minor)
        SELECT COALESCE(h.universe_id, k.universe_id), COALESCE(h.treasury_minor, 0), COALESCE(h.fees_minor, 0)
        FROM (
            SELECT universe_id, sum(treasury_minor) AS treasury_minor, sum(fees_minor) AS fees_minor
            FROM mvm.house_account GROUP BY universe_id
        ) h
        FULL JOIN mvm.audit_house_account k ON k.universe_id = h.universe_id
        WHERE (SELECT v.count = 0 FROM violation v)
          AND (COALESCE(h.treasury_minor, 0), COALESCE(h.fees_minor, 0))
            IS DISTINCT FROM (k.treasury_minor, k.fees_minor)
        ON CONFLICT (universe_id) DO UPDATE SET treasury_minor = EXCLUDED.treasury_minor, fees_minor = EXCLUDED.fees_minor
    )
    SELECT COALESCE((SELECT w.id FROM written w), p.id), v.count
    FROM previous p, violation v;
END;
COMMENT ON FUNCTION mvm.write_audit_checkpoint(boolean) IS
    'What mvm_audit_checkpoint() does once it is the only one to';

-- Privilege set: reader
CREATE FUNCTION @extschema@.mvm_audit(since bigint)
    RETURNS TABLE (check_name text, subject text, expected numeric, actual numeric)
    LANGUAGE c STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'mvm_audit_since';
COMMENT ON FUNCTION @extschema@.mvm_audit(bigint) IS
    'As mvm_audit(), for what came after the checkpoint since, the latest: all wallets and stocks against the checkpoint and the journal rows after it, and the checks of each of these. Damage to older journal rows is for mvm_audit() to see. MV203';

-- Privilege set: gateway
CREATE FUNCTION @extschema@.mvm_audit_checkpoint(anew boolean DEFAULT false)
    RETURNS TABLE (checkpoint_id bigint, violations bigint)
    LANGUAGE c VOLATILE SECURITY DEFINER ROWS 1 SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'mvm_audit_checkpoint';
COMMENT ON FUNCTION @extschema@.mvm_audit_checkpoint(boolean) IS
    'Audits the market, since the latest checkpoint or, the first time and with anew, all of it, and when it is clean makes a checkpoint, for mvm_audit(since). Answers the latest checkpoint and how many violations kept it from making one';

-- Privilege set: reader
CREATE FUNCTION @extschema@.mvm_verify(checkpoint_id bigint)
    RETURNS TABLE (id bigint, last_transaction_id bigint, digest bytea, computed bytea)
    LANGUAGE c STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' SET jit = off
    AS 'MODULE_PATHNAME', 'mvm_verify';
COMMENT ON FUNCTION @extschema@.mvm_verify(bigint) IS
    'Computes the digests of the checkpoints up to checkpoint_id again from the journal''s rows: digest is what each was given when it was made. Where they differ, a row up to there has been changed, removed or added since. MV203';
