-- mvm 1.1 to 1.2: what PostgreSQL promises a plain statement holds for a call; house accounts, memos, keys of a platform's own.
--
-- A fresh 1.2 is 1.0, 1.1 and this script, so all have the same catalogue.

\echo Use "ALTER EXTENSION mvm UPDATE TO '1.2'" to load this file. \quit

-- Operators, functions and types of this script are those of pg_catalog, whatever stands in the schema of CREATE EXTENSION.
SET LOCAL search_path = pg_catalog, pg_temp;

-- ---------------------------------------------------------------------------
-- What roles may do with the functions that are created anew below
-- ---------------------------------------------------------------------------

-- ---------------------------------------------------------------------------
-- Storage: limits of holds and quotes
-- ---------------------------------------------------------------------------

ALTER TABLE mvm.universe
    ADD COLUMN max_hold_ttl interval NOT NULL DEFAULT interval '1 day',
    ADD COLUMN max_quote_ttl interval NOT NULL DEFAULT interval '5 minutes',
    ADD COLUMN max_open_holds bigint NOT NULL DEFAULT 100,
    ADD COLUMN max_open_quotes bigint NOT NULL DEFAULT 100;
ALTER TABLE mvm.rule_change
    ADD COLUMN max_hold_ttl interval,
    ADD COLUMN max_quote_ttl interval,
    ADD COLUMN max_open_holds bigint,
    ADD COLUMN max_open_quotes bigint;

-- ---------------------------------------------------------------------------
-- Storage: active holds in the order in which they expire
-- ---------------------------------------------------------------------------

-- The library takes from the number of columns in which order it finds the holds.
DROP INDEX mvm.hold_expires_at_idx, mvm.hold_item_id_idx, mvm.hold_buyer_id_idx;
CREATE INDEX hold_expires_at_idx ON mvm.hold (expires_at, id) WHERE state = 'a';
CREATE INDEX hold_item_id_idx ON mvm.hold (item_id, expires_at, id) WHERE state = 'a';
CREATE INDEX hold_buyer_id_idx ON mvm.hold (buyer_id, from_universe_id, expires_at, id) WHERE state = 'a';
COMMENT ON TABLE mvm.hold IS
    'Stock and money set aside for a purchase. An active one past expires_at counts as released for everyone who looks, and is released by whoever falls short of what it keeps, or by mvm_sweep_holds()';
COMMENT ON FUNCTION @extschema@.mvm_sweep_holds(integer) IS
    'Releases holds past their time, at most max_rows, and returns how many it did. They count as released anyway; this writes it down. Waits for nobody: what is in use is left for another time. MV203';

-- ---------------------------------------------------------------------------
-- Storage: memos, and keys and data of a platform's own
-- ---------------------------------------------------------------------------

ALTER TABLE mvm.journal
    ADD COLUMN memo text;
ALTER TABLE mvm.user_account
    ADD COLUMN external_id text COLLATE "C",
    ADD COLUMN metadata jsonb;
ALTER TABLE mvm.item
    ADD COLUMN external_id text COLLATE "C",
    ADD COLUMN metadata jsonb;

-- ---------------------------------------------------------------------------
-- Storage: balances of the house
-- ---------------------------------------------------------------------------

-- ---------------------------------------------------------------------------
-- Constraints and triggers, made anew under the pinned path
-- ---------------------------------------------------------------------------

-- ---------------------------------------------------------------------------
-- Views, made anew under the pinned path
-- ---------------------------------------------------------------------------

CREATE OR REPLACE VIEW mvm.universes AS
SELECT
    u.id,
    u.name,
    u.currency_type,
    u.exchange_rate,
    u.currency_scale::integer AS currency_scale,
    u.version,
    u.trade_open,
    u.exchange_open,
    COALESCE(u.sale_fee_rate, 0) AS sale_fee_rate,
    COALESCE(u.exchange_fee_rate, 0) AS exchange_fee_rate,
    mvm.amount(u.min_amount_minor, u.currency_scale) AS min_amount,
    mvm.amount(u.max_amount_minor, u.currency_scale) AS max_amount,
    u.max_quantity
FROM mvm.universe u;

-- A hold past its time counts as released, as far as there is room for it in 64 bits.
CREATE OR REPLACE VIEW mvm.users AS
SELECT
    a.id,
    a.username,
    a.universe_id,
    mvm.amount(LEAST(9223372036854775807, COALESCE(w.balance_minor, 0) + COALESCE((
        SELECT sum(h.paid_minor) FROM mvm.hold h
        WHERE h.buyer_id = w.user_id AND h.from_universe_id = w.universe_id
          AND h.state = 'a' AND h.expires_at <= now()), 0))::bigint, u.currency_scale) AS balance
FROM mvm.user_account a
JOIN mvm.universe u ON u.id = a.universe_id
LEFT JOIN mvm.wallet w ON w.user_id = a.id AND w.universe_id = a.universe_id;

CREATE OR REPLACE VIEW mvm.wallets AS
SELECT
    w.user_id,
    w.universe_id,
    mvm.amount(LEAST(9223372036854775807, w.balance_minor + COALESCE((
        SELECT sum(h.paid_minor) FROM mvm.hold h
        WHERE h.buyer_id = w.user_id AND h.from_universe_id = w.universe_id
          AND h.state = 'a' AND h.expires_at <= now()), 0))::bigint, u.currency_scale) AS balance
FROM mvm.wallet w
JOIN mvm.universe u ON u.id = w.universe_id;

CREATE OR REPLACE VIEW mvm.items AS
SELECT
    i.id,
    i.name,
    i.universe_id,
    i.seller_id,
    mvm.amount(i.price_minor, u.currency_scale) AS price,
    LEAST(9223372036854775807, i.stock + COALESCE((
        SELECT sum(h.quantity) FROM mvm.hold h
        WHERE h.item_id = i.id AND h.state = 'a' AND h.expires_at <= now()), 0))::bigint AS stock,
    i.listed
FROM mvm.item i
JOIN mvm.universe u ON u.id = i.universe_id;

CREATE OR REPLACE VIEW mvm.transactions AS
SELECT
    j.id,
    CASE j.kind
        WHEN 'd' THEN 'deposit'
        WHEN 'w' THEN 'withdrawal'
        WHEN 'x' THEN 'exchange'
        WHEN 'p' THEN 'purchase'
        WHEN 'l' THEN 'listing'
        WHEN 's' THEN 'restock'
        WHEN 't' THEN 'transfer'
        WHEN 'r' THEN 'refund'
        WHEN 'h' THEN 'hold'
        WHEN 'u' THEN 'release'
    END AS kind,
    j.user_id,
    j.counterparty_id,
    j.item_id,
    j.quantity,
    j.from_universe_id,
    j.to_universe_id,
    mvm.amount(j.paid_minor, f.currency_scale) AS amount,
    mvm.amount(j.received_minor, t.currency_scale) AS received_amount,
    pg_catalog.trim_scale(j.to_rate / j.from_rate) AS exchange_rate,
    j.from_rate,
    j.to_rate,
    j.idempotency_key,
    j.transaction_time,
    mvm.amount(j.fee_minor, t.currency_scale) AS fee,
    mvm.amount(j.tariff_minor, f.currency_scale) AS tariff,
    j.reference_id
FROM mvm.journal j
JOIN mvm.universe f ON f.id = j.from_universe_id
JOIN mvm.universe t ON t.id = j.to_universe_id;

CREATE OR REPLACE VIEW mvm.trades AS
SELECT
    j.id,
    j.user_id AS buyer_id,
    j.counterparty_id AS seller_id,
    j.item_id,
    mvm.amount(j.paid_minor, f.currency_scale) AS amount,
    j.quantity,
    j.from_universe_id,
    j.to_universe_id,
    j.transaction_time,
    mvm.amount(j.received_minor, t.currency_scale) AS received_amount,
    pg_catalog.trim_scale(j.to_rate / j.from_rate) AS exchange_rate,
    j.idempotency_key,
    mvm.amount(j.fee_minor, t.currency_scale) AS fee,
    mvm.amount(j.tariff_minor, f.currency_scale) AS tariff
FROM mvm.journal j
JOIN mvm.universe f ON f.id = j.from_universe_id
JOIN mvm.universe t ON t.id = j.to_universe_id
WHERE j.kind = 'p';

-- The legs of double entry, derived: a branch per kind of leg, so that a query
-- for one user or one transaction reaches the journal through its indexes. A
-- refund has the legs of its purchase with the signs turned.
CREATE OR REPLACE VIEW mvm.leg AS
-- the payer
SELECT j.id AS transaction_id, 'wallet'::text AS account, j.user_id, j.from_universe_id AS universe_id,
    CASE j.kind WHEN 'r' THEN j.paid_minor ELSE -j.paid_minor END AS amount_minor, j.transaction_time
FROM mvm.journal j WHERE j.kind IN ('w', 'x', 'p', 't', 'r', 'h')
UNION ALL
SELECT j.id, 'outside', NULL::bigint, j.from_universe_id, -j.paid_minor, j.transaction_time
FROM mvm.journal j WHERE j.kind = 'd'
UNION ALL
-- the receiver
SELECT j.id, 'wallet', j.user_id, j.to_universe_id, j.received_minor, j.transaction_time
FROM mvm.journal j WHERE j.kind IN ('d', 'x', 'u')
UNION ALL
SELECT j.id, 'wallet', j.counterparty_id, j.to_universe_id,
    CASE j.kind WHEN 'r' THEN -j.received_minor ELSE j.received_minor END, j.transaction_time
FROM mvm.journal j WHERE j.kind IN ('p', 't', 'r') AND j.counterparty_id IS NOT NULL
UNION ALL
SELECT j.id, 'treasury', NULL::bigint, j.to_universe_id,
    CASE j.kind WHEN 'r' THEN -j.received_minor ELSE j.received_minor END, j.transaction_time
FROM mvm.journal j WHERE j.kind IN ('p', 'r') AND j.counterparty_id IS NULL
UNION ALL
SELECT j.id, 'outside', NULL::bigint, j.to_universe_id, j.received_minor, j.transaction_time
FROM mvm.journal j WHERE j.kind = 'w'
UNION ALL
-- what is set aside
SELECT j.id, 'holds', NULL::bigint, j.from_universe_id, j.paid_minor, j.transaction_time
FROM mvm.journal j WHERE j.kind = 'h'
UNION ALL
SELECT j.id, 'holds', NULL::bigint, j.from_universe_id, -j.paid_minor, j.transaction_time
FROM mvm.journal j WHERE j.kind = 'u'
UNION ALL
-- what the rules take
SELECT j.id, 'treasury', NULL::bigint, j.from_universe_id,
    CASE j.kind WHEN 'r' THEN -j.tariff_minor ELSE j.tariff_minor END, j.transaction_time
FROM mvm.journal j WHERE j.tariff_minor IS NOT NULL
UNION ALL
SELECT j.id, 'fees', NULL::bigint, j.to_universe_id,
    CASE j.kind WHEN 'r' THEN -j.fee_minor ELSE j.fee_minor END, j.transaction_time
FROM mvm.journal j WHERE j.fee_minor IS NOT NULL
UNION ALL
-- the house's currency desk, between two currencies
SELECT j.id, 'fx', NULL::bigint, j.from_universe_id,
    (j.paid_minor - COALESCE(j.tariff_minor, 0)) * CASE j.kind WHEN 'r' THEN -1 ELSE 1 END, j.transaction_time
FROM mvm.journal j WHERE j.kind IN ('x', 'p', 'r') AND j.from_universe_id <> j.to_universe_id
UNION ALL
SELECT j.id, 'fx', NULL::bigint, j.to_universe_id,
    (j.received_minor + COALESCE(j.fee_minor, 0)) * CASE j.kind WHEN 'r' THEN 1 ELSE -1 END, j.transaction_time
FROM mvm.journal j WHERE j.kind IN ('x', 'p', 'r') AND j.from_universe_id <> j.to_universe_id;

CREATE OR REPLACE VIEW mvm.ledger AS
SELECT
    l.transaction_id,
    l.account,
    l.user_id,
    l.universe_id,
    mvm.amount(l.amount_minor, u.currency_scale) AS amount,
    l.transaction_time
FROM mvm.leg l
JOIN mvm.universe u ON u.id = l.universe_id;

CREATE OR REPLACE VIEW mvm.routes AS
SELECT r.from_universe_id, r.to_universe_id, r.allowed, COALESCE(r.tariff_rate, 0) AS tariff_rate
FROM mvm.route r;

CREATE OR REPLACE VIEW mvm.rule_changes AS
SELECT
    c.id,
    c.changed_at,
    c.changed_by,
    c.universe_id,
    c.to_universe_id,
    c.trade_open,
    c.exchange_open,
    CASE WHEN c.to_universe_id IS NULL THEN COALESCE(c.sale_fee_rate, 0) END AS sale_fee_rate,
    CASE WHEN c.to_universe_id IS NULL THEN COALESCE(c.exchange_fee_rate, 0) END AS exchange_fee_rate,
    mvm.amount(c.min_amount_minor, u.currency_scale) AS min_amount,
    mvm.amount(c.max_amount_minor, u.currency_scale) AS max_amount,
    c.max_quantity,
    c.allowed,
    CASE WHEN c.to_universe_id IS NOT NULL THEN COALESCE(c.tariff_rate, 0) END AS tariff_rate
FROM mvm.rule_change c
JOIN mvm.universe u ON u.id = c.universe_id;

CREATE OR REPLACE VIEW mvm.quotes AS
SELECT
    q.id,
    q.user_id,
    mvm.amount(q.paid_minor, f.currency_scale) AS amount,
    mvm.amount(q.received_minor, t.currency_scale) AS converted_amount,
    mvm.amount(q.fee_minor, t.currency_scale) AS fee,
    q.from_universe_id,
    q.to_universe_id,
    pg_catalog.trim_scale(q.to_rate / q.from_rate) AS exchange_rate,
    CASE
        WHEN q.transaction_id IS NOT NULL THEN 'accepted'
        WHEN q.expires_at <= now() THEN 'expired'
        ELSE 'open'
    END AS state,
    q.created_at,
    q.expires_at,
    q.transaction_id
FROM mvm.quote q
JOIN mvm.universe f ON f.id = q.from_universe_id
JOIN mvm.universe t ON t.id = q.to_universe_id;

CREATE OR REPLACE VIEW mvm.holds AS
SELECT
    h.id,
    h.buyer_id,
    h.item_id,
    h.seller_id,
    h.quantity,
    h.captured_quantity,
    mvm.amount(h.paid_minor, f.currency_scale) AS amount,
    mvm.amount(h.price_minor, t.currency_scale) AS price,
    h.from_universe_id,
    h.to_universe_id,
    pg_catalog.trim_scale(h.to_rate / h.from_rate) AS exchange_rate,
    CASE
        WHEN h.state = 'c' THEN 'captured'
        WHEN h.state = 'r' THEN 'released'
        WHEN h.state = 'e' OR h.expires_at <= now() THEN 'expired'
        ELSE 'active'
    END AS state,
    h.created_at,
    h.expires_at
FROM mvm.hold h
JOIN mvm.universe f ON f.id = h.from_universe_id
JOIN mvm.universe t ON t.id = h.to_universe_id;

CREATE OR REPLACE VIEW mvm.prices AS
SELECT
    c.item_id,
    mvm.amount(c.price_minor, u.currency_scale) AS price,
    c.valid_from
FROM mvm.price_change c
JOIN mvm.item i ON i.id = c.item_id
JOIN mvm.universe u ON u.id = i.universe_id;

CREATE OR REPLACE VIEW mvm.exchange_rates AS
SELECT
    c.universe_id,
    c.exchange_rate,
    c.valid_from,
    pg_catalog.lead(c.valid_from) OVER (PARTITION BY c.universe_id ORDER BY c.valid_from, c.id) AS valid_to
FROM mvm.exchange_rate_change c;

CREATE OR REPLACE VIEW mvm.audit_checkpoints AS
SELECT c.id, c.made_at, c.journal_id AS last_transaction_id FROM mvm.audit_checkpoint c;

-- ---------------------------------------------------------------------------
-- Functions: limits of holds and quotes
-- ---------------------------------------------------------------------------

-- ---------------------------------------------------------------------------
-- Functions: memos, and keys and data of a platform's own
-- ---------------------------------------------------------------------------

-- ---------------------------------------------------------------------------
-- Functions: privileges, payouts, sequences
-- ---------------------------------------------------------------------------

-- ---------------------------------------------------------------------------
-- The audit
-- ---------------------------------------------------------------------------

-- ---------------------------------------------------------------------------
-- Roles get back what they had
-- ---------------------------------------------------------------------------
