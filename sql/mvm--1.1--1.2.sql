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
-- Storage: memos, and keys and data of a platform's own
-- ---------------------------------------------------------------------------

ALTER TABLE mvm.journal
    ADD COLUMN memo text,
    ADD CONSTRAINT journal_memo_length CHECK (pg_catalog.char_length(memo) <= 255);
COMMENT ON COLUMN mvm.journal.memo IS
    'The client''s own note on a deposit, withdrawal, transfer, purchase or exchange, kept as given, at most 255 characters';
ALTER TYPE mvm.exchange_result ADD ATTRIBUTE memo text;

ALTER TABLE mvm.user_account
    ADD COLUMN external_id text COLLATE "C",
    ADD COLUMN metadata jsonb,
    ADD CONSTRAINT user_account_external_id_length CHECK (pg_catalog.char_length(external_id) BETWEEN 1 AND 255),
    ADD CONSTRAINT user_account_metadata_object CHECK (pg_catalog.jsonb_typeof(metadata) = 'object');
CREATE UNIQUE INDEX user_account_external_id_key ON mvm.user_account (external_id) WHERE external_id IS NOT NULL;
COMMENT ON COLUMN mvm.user_account.external_id IS 'The platform''s own key of the user, unique; null: none';
COMMENT ON COLUMN mvm.user_account.metadata IS 'The platform''s own data, a JSON object: kept, never read';

ALTER TABLE mvm.item
    ADD COLUMN external_id text COLLATE "C",
    ADD COLUMN metadata jsonb,
    ADD CONSTRAINT item_external_id_length CHECK (pg_catalog.char_length(external_id) BETWEEN 1 AND 255),
    ADD CONSTRAINT item_metadata_object CHECK (pg_catalog.jsonb_typeof(metadata) = 'object');
CREATE UNIQUE INDEX item_external_id_key ON mvm.item (external_id) WHERE external_id IS NOT NULL;
COMMENT ON COLUMN mvm.item.external_id IS 'The platform''s own key of the item, unique; null: none';
COMMENT ON COLUMN mvm.item.metadata IS
    'The platform''s own data, a JSON object: kept, never read. Every purchase writes the item''s row anew, so keep it small';

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
          AND h.state = 'a' AND h.expires_at <= now()), 0))::bigint, u.currency_scale) AS balance,
    a.external_id,
    a.metadata
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
    i.listed,
    i.external_id,
    i.metadata
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
    j.reference_id,
    j.memo
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
    mvm.amount(j.tariff_minor, f.currency_scale) AS tariff,
    j.memo
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

DROP FUNCTION @extschema@.mvm_deposit(bigint, numeric, integer, text);
CREATE FUNCTION @extschema@.mvm_deposit(
    user_id bigint,
    amount numeric,
    universe_id integer DEFAULT NULL,
    idempotency_key text DEFAULT NULL,
    memo text DEFAULT NULL
) RETURNS mvm.transactions
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_deposit';
COMMENT ON FUNCTION @extschema@.mvm_deposit(bigint, numeric, integer, text, text) IS
    'Credits a user''s wallet from outside the market, in universe_id''s currency (home unless told). memo: a note of at most 255 characters, kept as given. MV001, MV003, MV201, MV203, MV204, MV401';

DROP FUNCTION @extschema@.mvm_withdraw(bigint, numeric, integer, text);
CREATE FUNCTION @extschema@.mvm_withdraw(
    user_id bigint,
    amount numeric,
    universe_id integer DEFAULT NULL,
    idempotency_key text DEFAULT NULL,
    memo text DEFAULT NULL
) RETURNS mvm.transactions
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_withdraw';
COMMENT ON FUNCTION @extschema@.mvm_withdraw(bigint, numeric, integer, text, text) IS
    'Debits a user''s wallet to outside the market, in universe_id''s currency (home unless told). memo: a note of at most 255 characters, kept as given. MV001, MV003, MV101, MV201, MV203, MV204, MV401';

DROP FUNCTION @extschema@.mvm_transfer(bigint, bigint, numeric, integer, text);
CREATE FUNCTION @extschema@.mvm_transfer(
    from_user_id bigint,
    to_user_id bigint,
    amount numeric,
    universe_id integer DEFAULT NULL,
    idempotency_key text DEFAULT NULL,
    memo text DEFAULT NULL
) RETURNS mvm.transactions
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_transfer';
COMMENT ON FUNCTION @extschema@.mvm_transfer(bigint, bigint, numeric, integer, text, text) IS
    'Moves money from one user to another in universe_id''s currency (the sender''s home unless told). memo: a note of at most 255 characters, kept as given, which both see. MV001, MV003, MV101, MV201, MV203, MV204, MV401';

DROP FUNCTION @extschema@.mvm_exchange(bigint, numeric, integer, integer, text, numeric);
CREATE FUNCTION @extschema@.mvm_exchange(
    user_id bigint,
    amount numeric,
    from_universe_id integer,
    to_universe_id integer,
    idempotency_key text DEFAULT NULL,
    min_converted numeric DEFAULT NULL,
    memo text DEFAULT NULL
) RETURNS mvm.exchange_result
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_exchange';
COMMENT ON FUNCTION @extschema@.mvm_exchange(bigint, numeric, integer, integer, text, numeric, text) IS
    'Moves a user''s money from one currency to another at the current rates, rounding the credit down and taking the exchange fee off it; refused when it would credit less than min_converted. memo: a note of at most 255 characters, kept as given. The same idempotency_key and request returns the first answer. MV001, MV003, MV101, MV103, MV106, MV201, MV203, MV204, MV301, MV401';

DROP FUNCTION @extschema@.mvm_buy(bigint, bigint, bigint, text, numeric, integer[]);
CREATE FUNCTION @extschema@.mvm_buy(
    buyer_id bigint,
    item_id bigint,
    quantity bigint DEFAULT 1,
    idempotency_key text DEFAULT NULL,
    max_amount numeric DEFAULT NULL,
    pay_from integer[] DEFAULT NULL,
    memo text DEFAULT NULL
) RETURNS mvm.trades
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_buy';
COMMENT ON FUNCTION @extschema@.mvm_buy(bigint, bigint, bigint, text, numeric, integer[], text) IS
    'Buys quantity pieces of an item from the buyer''s home wallet, converting (rounded up) when it is priced in another currency, with tariff on top and the sale fee from the seller''s proceeds; refused when it would cost more than max_amount. pay_from names the universes of the wallets to pay from instead: what is in the first is exchanged into the currency of the next, until one can pay the rest; max_amount then is in the last one''s currency. memo: a note of at most 255 characters, kept as given with the purchase, which both see, and with its exchanges. Stock, wallets and the journal move together. The same idempotency_key and request returns the first answer. MV001, MV002, MV101, MV102, MV104, MV105, MV106, MV201, MV202, MV203, MV204, MV301, MV401';

DROP FUNCTION @extschema@.mvm_buy_batch(bigint[], bigint[], bigint[], text[], numeric[]);
CREATE FUNCTION @extschema@.mvm_buy_batch(
    buyer_ids bigint[],
    item_ids bigint[],
    quantities bigint[],
    idempotency_keys text[] DEFAULT NULL,
    max_amounts numeric[] DEFAULT NULL,
    memos text[] DEFAULT NULL
) RETURNS TABLE (
    ordinal integer,
    outcome text,
    detail text,
    replayed boolean,
    transaction_id bigint,
    amount numeric,
    quantity bigint,
    buyer_id bigint,
    seller_id bigint,
    item_id bigint,
    from_universe_id integer,
    to_universe_id integer,
    received_amount numeric,
    exchange_rate numeric,
    transaction_time timestamptz,
    fee numeric,
    tariff numeric,
    memo text
)
    LANGUAGE c VOLATILE ROWS 1000
    AS 'MODULE_PATHNAME', 'mvm_buy_batch';
COMMENT ON FUNCTION @extschema@.mvm_buy_batch(bigint[], bigint[], bigint[], text[], numeric[], text[]) IS
    'Many purchases as if they ran one by one in the given order: a row per order with its own outcome, ''ok'' or an error''s code. A refused order changes nothing and stops nothing; a refusal under an idempotency key is remembered. MV203 for arrays that are null, differ in length or hold more than 100000 orders';

DROP FUNCTION @extschema@.mvm_exchange_batch(bigint[], numeric[], integer[], integer[], text[], numeric[]);
CREATE FUNCTION @extschema@.mvm_exchange_batch(
    user_ids bigint[],
    amounts numeric[],
    from_universe_ids integer[],
    to_universe_ids integer[],
    idempotency_keys text[] DEFAULT NULL,
    min_converted numeric[] DEFAULT NULL,
    memos text[] DEFAULT NULL
) RETURNS TABLE (
    ordinal integer,
    outcome text,
    detail text,
    replayed boolean,
    transaction_id bigint,
    amount numeric,
    converted_amount numeric,
    user_id bigint,
    from_universe_id integer,
    to_universe_id integer,
    exchange_rate numeric,
    transaction_time timestamptz,
    fee numeric,
    memo text
)
    LANGUAGE c VOLATILE ROWS 1000
    AS 'MODULE_PATHNAME', 'mvm_exchange_batch';
COMMENT ON FUNCTION @extschema@.mvm_exchange_batch(bigint[], numeric[], integer[], integer[], text[], numeric[], text[]) IS
    'Many exchanges as if they ran one by one in the given order; otherwise as mvm_buy_batch()';

DROP FUNCTION @extschema@.mvm_statement(bigint, integer, timestamptz, timestamptz, integer, bigint);
CREATE FUNCTION @extschema@.mvm_statement(
    user_id bigint,
    universe_id integer,
    from_time timestamptz,
    to_time timestamptz,
    max_rows integer DEFAULT 100,
    after_id bigint DEFAULT NULL
) RETURNS TABLE (
    transaction_id bigint,
    kind text,
    counterparty_id bigint,
    item_id bigint,
    quantity bigint,
    amount numeric,
    balance numeric,
    transaction_time timestamptz,
    memo text
)
    LANGUAGE c STABLE ROWS 100
    AS 'MODULE_PATHNAME', 'mvm_statement';
COMMENT ON FUNCTION @extschema@.mvm_statement(bigint, integer, timestamptz, timestamptz, integer, bigint) IS
    'What moved a user''s wallet from from_time until before to_time, oldest first, and the balance after each movement: at most max_rows (1 to 100000) lines with ids above after_id. The first page (after_id null) begins with a line ''opening'', the last ends with a line ''closing''. amount is below zero for what was taken; memo is the note that the movement was made with. MV001, MV003, MV203';

REVOKE ALL ON FUNCTION
    @extschema@.mvm_deposit(bigint, numeric, integer, text, text),
    @extschema@.mvm_withdraw(bigint, numeric, integer, text, text),
    @extschema@.mvm_transfer(bigint, bigint, numeric, integer, text, text),
    @extschema@.mvm_exchange(bigint, numeric, integer, integer, text, numeric, text),
    @extschema@.mvm_buy(bigint, bigint, bigint, text, numeric, integer[], text),
    @extschema@.mvm_buy_batch(bigint[], bigint[], bigint[], text[], numeric[], text[]),
    @extschema@.mvm_exchange_batch(bigint[], numeric[], integer[], integer[], text[], numeric[], text[]),
    @extschema@.mvm_statement(bigint, integer, timestamptz, timestamptz, integer, bigint)
FROM PUBLIC;

DROP FUNCTION @extschema@.mvm_create_user(text, integer, numeric);
CREATE FUNCTION @extschema@.mvm_create_user(
    username text,
    universe_id integer,
    balance numeric DEFAULT 0,
    external_id text DEFAULT NULL,
    metadata jsonb DEFAULT NULL
) RETURNS mvm.users
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_create_user';
COMMENT ON FUNCTION @extschema@.mvm_create_user(text, integer, numeric, text, jsonb) IS
    'Creates a user at home in universe_id; an opening balance is journalled as a deposit. external_id: the platform''s own key, unique, 1 to 255 characters; metadata: a JSON object of at most 8192 bytes as text, kept and never read. MV003, MV201, MV203, MV204, MV205';

DROP FUNCTION @extschema@.mvm_list_item(bigint, text, numeric, bigint, integer);
CREATE FUNCTION @extschema@.mvm_list_item(
    seller_id bigint,
    name text,
    price numeric,
    stock bigint,
    universe_id integer DEFAULT NULL,
    external_id text DEFAULT NULL,
    metadata jsonb DEFAULT NULL
) RETURNS mvm.items
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_list_item';
COMMENT ON FUNCTION @extschema@.mvm_list_item(bigint, text, numeric, bigint, integer, text, jsonb) IS
    'Puts an item up for sale in universe_id, the seller''s home unless told; seller_id null with a universe: its treasury sells. The stock is journalled. external_id and metadata as in mvm_create_user(). MV001, MV003, MV201, MV202, MV203, MV204, MV205';

CREATE FUNCTION @extschema@.mvm_set_user_data(
    user_id bigint,
    external_id text DEFAULT NULL,
    metadata jsonb DEFAULT NULL
) RETURNS mvm.users
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_set_user_data';
COMMENT ON FUNCTION @extschema@.mvm_set_user_data(bigint, text, jsonb) IS
    'Changes a user''s external_id and metadata; what is null stays, an external_id of no characters and metadata of JSON''s null take it away. MV001, MV203, MV205';

CREATE FUNCTION @extschema@.mvm_set_item_data(
    item_id bigint,
    external_id text DEFAULT NULL,
    metadata jsonb DEFAULT NULL
) RETURNS mvm.items
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_set_item_data';
COMMENT ON FUNCTION @extschema@.mvm_set_item_data(bigint, text, jsonb) IS
    'Changes an item''s external_id and metadata; what is null stays, an external_id of no characters and metadata of JSON''s null take it away. MV002, MV203, MV205';

CREATE FUNCTION @extschema@.mvm_find_user(username text DEFAULT NULL, external_id text DEFAULT NULL)
    RETURNS SETOF mvm.users
    LANGUAGE c STABLE ROWS 1
    AS 'MODULE_PATHNAME', 'mvm_find_user';
COMMENT ON FUNCTION @extschema@.mvm_find_user(text, text) IS
    'The user with that username or that external_id, one of which is given; no row when there is none. MV203';

CREATE FUNCTION @extschema@.mvm_find_item(external_id text) RETURNS SETOF mvm.items
    LANGUAGE c STABLE ROWS 1
    AS 'MODULE_PATHNAME', 'mvm_find_item';
COMMENT ON FUNCTION @extschema@.mvm_find_item(text) IS
    'The item with that external_id, on the market or off it; no row when there is none. MV203';

REVOKE ALL ON FUNCTION
    @extschema@.mvm_create_user(text, integer, numeric, text, jsonb),
    @extschema@.mvm_list_item(bigint, text, numeric, bigint, integer, text, jsonb),
    @extschema@.mvm_set_user_data(bigint, text, jsonb),
    @extschema@.mvm_set_item_data(bigint, text, jsonb),
    @extschema@.mvm_find_user(text, text),
    @extschema@.mvm_find_item(text)
FROM PUBLIC;

-- ---------------------------------------------------------------------------
-- Functions: privileges, payouts, sequences
-- ---------------------------------------------------------------------------

-- ---------------------------------------------------------------------------
-- The audit
-- ---------------------------------------------------------------------------

-- ---------------------------------------------------------------------------
-- Roles get back what they had
-- ---------------------------------------------------------------------------
