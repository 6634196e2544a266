-- mvm 1.0 to 1.1: selling, trading rules, limits, transfers, refunds, moving, quotes, holds.
--
-- A fresh 1.1 is 1.0 and this script, so both have the same catalogue.

\echo Use "ALTER EXTENSION mvm UPDATE TO '1.1'" to load this file. \quit

-- Operators, functions and types of this script are those of pg_catalog, whatever stands in the schema of CREATE EXTENSION.
SET LOCAL search_path = pg_catalog, pg_temp;

-- ---------------------------------------------------------------------------
-- What roles may do with the functions that are created anew below
-- ---------------------------------------------------------------------------

SELECT set_config('mvm.kept_grants', COALESCE((
    SELECT json_agg(kept)
    FROM (
        SELECT p.oid AS function, NULL::oid AS view, p.proname AS name, g.grantee, g.privilege_type, g.is_grantable
        FROM pg_extension e
        JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e'
        JOIN pg_proc p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid
        CROSS JOIN aclexplode(p.proacl) g
        WHERE e.extname = 'mvm' AND p.proname LIKE 'mvm\_%' AND g.grantee <> p.proowner
        UNION ALL
        SELECT NULL, c.oid, c.relname, g.grantee, g.privilege_type, g.is_grantable
        FROM pg_class c
        CROSS JOIN aclexplode(c.relacl) g
        WHERE c.relnamespace = 'mvm'::regnamespace AND c.relkind = 'v' AND g.grantee <> c.relowner
    ) kept)::text, '[]'), true);

-- ---------------------------------------------------------------------------
-- Storage
-- ---------------------------------------------------------------------------

ALTER TABLE mvm.universe
    ADD COLUMN trade_open boolean NOT NULL DEFAULT true,
    ADD COLUMN exchange_open boolean NOT NULL DEFAULT true,
    ADD COLUMN sale_fee_rate numeric,
    ADD COLUMN exchange_fee_rate numeric,
    ADD COLUMN min_amount_minor bigint,
    ADD COLUMN max_amount_minor bigint,
    ADD COLUMN max_quantity bigint,
    ADD COLUMN routed boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT universe_fee_rates_range CHECK (
        sale_fee_rate > 0 AND sale_fee_rate < 1 AND pg_catalog.scale(sale_fee_rate) <= 9
        AND exchange_fee_rate > 0 AND exchange_fee_rate < 1 AND pg_catalog.scale(exchange_fee_rate) <= 9),
    ADD CONSTRAINT universe_bounds_positive CHECK (
        min_amount_minor > 0 AND max_amount_minor >= COALESCE(min_amount_minor, 1) AND max_quantity > 0);
COMMENT ON COLUMN mvm.universe.trade_open IS 'Whether its people may buy and its items may be sold';
COMMENT ON COLUMN mvm.universe.exchange_open IS 'Whether its currency may be exchanged';
COMMENT ON COLUMN mvm.universe.sale_fee_rate IS 'Share of a sale''s price that the house takes from the seller''s proceeds; null: none';
COMMENT ON COLUMN mvm.universe.exchange_fee_rate IS 'Share of what an exchange into this currency credits that the house takes; null: none';
COMMENT ON COLUMN mvm.universe.min_amount_minor IS 'Smallest price of a purchase here and smallest amount of an exchange from here; null: none';
COMMENT ON COLUMN mvm.universe.max_amount_minor IS 'Largest price of a purchase here and largest amount of an exchange from here; null: none';
COMMENT ON COLUMN mvm.universe.max_quantity IS 'Most pieces of an item here in one purchase; null: no bound';
COMMENT ON COLUMN mvm.universe.routed IS 'Whether mvm.route may have rows for routes from it';

CREATE TABLE mvm.route (
    from_universe_id integer NOT NULL,
    to_universe_id integer NOT NULL,
    allowed boolean NOT NULL,
    tariff_rate numeric,
    CONSTRAINT route_pkey PRIMARY KEY (from_universe_id, to_universe_id),
    CONSTRAINT route_from_universe_id_fkey FOREIGN KEY (from_universe_id) REFERENCES mvm.universe (id),
    CONSTRAINT route_to_universe_id_fkey FOREIGN KEY (to_universe_id) REFERENCES mvm.universe (id),
    CONSTRAINT route_between_two CHECK (from_universe_id <> to_universe_id),
    CONSTRAINT route_tariff_rate_range CHECK (
        tariff_rate > 0 AND tariff_rate < 100 AND pg_catalog.scale(tariff_rate) <= 9)
);
COMMENT ON TABLE mvm.route IS
    'Rules between two universes: money or buyer from from_universe_id, currency or item of to_universe_id. Without a row all is allowed and free';
COMMENT ON COLUMN mvm.route.tariff_rate IS
    'Share of the price, on top of it, that the buyer pays to the treasury of from_universe_id; null: none';

CREATE SEQUENCE mvm.rule_change_id_seq AS bigint;
CREATE TABLE mvm.rule_change (
    id bigint NOT NULL DEFAULT pg_catalog.nextval('mvm.rule_change_id_seq'),
    changed_at timestamptz NOT NULL,
    changed_by text NOT NULL,
    universe_id integer NOT NULL,
    to_universe_id integer,
    trade_open boolean,
    exchange_open boolean,
    sale_fee_rate numeric,
    exchange_fee_rate numeric,
    min_amount_minor bigint,
    max_amount_minor bigint,
    max_quantity bigint,
    allowed boolean,
    tariff_rate numeric,
    CONSTRAINT rule_change_pkey PRIMARY KEY (id)
);
ALTER SEQUENCE mvm.rule_change_id_seq OWNED BY mvm.rule_change.id;
CREATE INDEX rule_change_universe_id_idx ON mvm.rule_change (universe_id, id);
COMMENT ON TABLE mvm.rule_change IS
    'Append-only: all rules of a universe, or of the route to to_universe_id, as each change left them';

ALTER TABLE mvm.item ADD COLUMN listed boolean NOT NULL DEFAULT true;
COMMENT ON COLUMN mvm.item.listed IS 'Whether it is on the market';
CREATE INDEX item_seller_id_idx ON mvm.item (seller_id, id) WHERE seller_id IS NOT NULL;

CREATE TABLE mvm.price_change (
    item_id bigint NOT NULL,
    valid_from timestamptz NOT NULL,
    price_minor bigint NOT NULL,
    CONSTRAINT price_change_pkey PRIMARY KEY (item_id, valid_from),
    CONSTRAINT price_change_price_positive CHECK (price_minor > 0)
);
COMMENT ON TABLE mvm.price_change IS 'Append-only: every price that an item was given after it was listed';

ALTER TABLE mvm.journal
    ADD COLUMN fee_minor bigint,
    ADD COLUMN tariff_minor bigint,
    ADD COLUMN reference_id bigint,
    DROP CONSTRAINT journal_kind_complete,
    DROP CONSTRAINT journal_money_positive,
    ADD CONSTRAINT journal_kind_complete CHECK (
        CASE kind
            WHEN 'p' THEN user_id IS NOT NULL AND item_id IS NOT NULL AND quantity > 0
                AND (from_universe_id <> to_universe_id
                    OR paid_minor - COALESCE(tariff_minor, 0) = received_minor + COALESCE(fee_minor, 0))
            WHEN 'x' THEN user_id IS NOT NULL AND from_universe_id <> to_universe_id AND tariff_minor IS NULL
            WHEN 'd' THEN user_id IS NOT NULL AND from_universe_id = to_universe_id AND paid_minor = received_minor
                AND fee_minor IS NULL AND tariff_minor IS NULL
            WHEN 'w' THEN user_id IS NOT NULL AND from_universe_id = to_universe_id AND paid_minor = received_minor
                AND fee_minor IS NULL AND tariff_minor IS NULL
            WHEN 't' THEN user_id <> counterparty_id AND from_universe_id = to_universe_id
                AND paid_minor = received_minor AND fee_minor IS NULL AND tariff_minor IS NULL
            WHEN 'r' THEN user_id IS NOT NULL AND item_id IS NOT NULL AND quantity > 0 AND reference_id IS NOT NULL
                AND (from_universe_id <> to_universe_id
                    OR paid_minor - COALESCE(tariff_minor, 0) = received_minor + COALESCE(fee_minor, 0))
            WHEN 'h' THEN user_id IS NOT NULL AND item_id IS NOT NULL AND quantity > 0 AND reference_id IS NOT NULL
                AND from_universe_id = to_universe_id AND paid_minor = received_minor
                AND fee_minor IS NULL AND tariff_minor IS NULL
            WHEN 'u' THEN user_id IS NOT NULL AND item_id IS NOT NULL AND quantity > 0 AND reference_id IS NOT NULL
                AND from_universe_id = to_universe_id AND paid_minor = received_minor
                AND fee_minor IS NULL AND tariff_minor IS NULL
            WHEN 'l' THEN item_id IS NOT NULL AND quantity >= 0
            WHEN 's' THEN item_id IS NOT NULL AND quantity > 0
        END IS TRUE),
    ADD CONSTRAINT journal_money_positive CHECK (
        CASE
            WHEN kind IN ('l', 's') THEN paid_minor IS NULL AND received_minor IS NULL
                AND fee_minor IS NULL AND tariff_minor IS NULL
            ELSE from_rate > 0 AND to_rate > 0 AND paid_minor >= 0 AND received_minor >= 0
                AND (kind = 'r' OR paid_minor > 0 AND received_minor + COALESCE(fee_minor, 0) > 0)
                AND COALESCE(fee_minor, 1) > 0 AND COALESCE(tariff_minor, 1) > 0
                AND paid_minor >= COALESCE(tariff_minor, 0)
        END IS TRUE);
COMMENT ON COLUMN mvm.journal.user_id IS
    'Who acted: buyer, exchanger, depositor, withdrawer, sender; the seller of a listing or restock (null: treasury); of a refund the buyer, who gets the money back';
COMMENT ON COLUMN mvm.journal.counterparty_id IS
    'Seller of a purchase or refund; null: the treasury of to_universe_id. Receiver of a transfer';
COMMENT ON COLUMN mvm.journal.quantity IS 'Pieces bought, listed, restocked, given back, held or released';
COMMENT ON COLUMN mvm.journal.paid_minor IS
    'Taken from the payer, tariff included, minor units of from_universe_id''s currency; of a refund, given back to the buyer';
COMMENT ON COLUMN mvm.journal.received_minor IS
    'Given to the receiver, fee taken off, minor units of to_universe_id''s currency; of a refund, taken back from the seller';
COMMENT ON COLUMN mvm.journal.kind IS
    'd deposit, w withdrawal, x exchange, p purchase, l listing, s restock, t transfer, r refund, h hold, u release of a hold';
COMMENT ON COLUMN mvm.journal.fee_minor IS 'The house''s fee, minor units of to_universe_id''s currency; null: none';
COMMENT ON COLUMN mvm.journal.tariff_minor IS
    'To the treasury of from_universe_id, minor units of its currency; null: none';
COMMENT ON COLUMN mvm.journal.reference_id IS 'Purchase that a refund undoes; quote that an exchange accepted; hold of a hold, its release and its purchase';

CREATE TABLE mvm.refund (
    transaction_id bigint NOT NULL,
    refund_id bigint NOT NULL,
    quantity bigint NOT NULL,
    CONSTRAINT refund_pkey PRIMARY KEY (transaction_id, refund_id),
    CONSTRAINT refund_quantity_positive CHECK (quantity > 0)
);
COMMENT ON TABLE mvm.refund IS
    'Append-only: which refunds a purchase has had. Found by the purchase, so that the journal needs no index for it';
COMMENT ON COLUMN mvm.refund.transaction_id IS 'Journal row of the purchase';
COMMENT ON COLUMN mvm.refund.refund_id IS 'Journal row of the refund';

CREATE SEQUENCE mvm.quote_id_seq AS bigint;
CREATE TABLE mvm.quote (
    id bigint NOT NULL DEFAULT pg_catalog.nextval('mvm.quote_id_seq'),
    user_id bigint NOT NULL,
    paid_minor bigint NOT NULL,
    received_minor bigint NOT NULL,
    fee_minor bigint NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    from_universe_id integer NOT NULL,
    to_universe_id integer NOT NULL,
    from_rate numeric NOT NULL,
    to_rate numeric NOT NULL,
    transaction_id bigint,
    CONSTRAINT quote_pkey PRIMARY KEY (id),
    CONSTRAINT quote_amounts_positive CHECK (paid_minor > 0 AND received_minor > 0 AND fee_minor >= 0),
    CONSTRAINT quote_lives CHECK (expires_at > created_at)
) WITH (fillfactor = 80);
ALTER SEQUENCE mvm.quote_id_seq OWNED BY mvm.quote.id;
COMMENT ON TABLE mvm.quote IS
    'Exchanges at a rate that is frozen until expires_at; those that nobody accepted are purged by mvm_purge_quotes()';
COMMENT ON COLUMN mvm.quote.transaction_id IS 'The exchange that accepted it; null: nobody has';

-- What a hold sets aside is out of the buyer's wallet and the item's stock. Its
-- terms are frozen: price, rates, fee, tariff.
CREATE SEQUENCE mvm.hold_id_seq AS bigint;
CREATE TABLE mvm.hold (
    id bigint NOT NULL DEFAULT pg_catalog.nextval('mvm.hold_id_seq'),
    buyer_id bigint NOT NULL,
    item_id bigint NOT NULL,
    seller_id bigint,
    quantity bigint NOT NULL,
    captured_quantity bigint NOT NULL,
    price_minor bigint NOT NULL,
    paid_minor bigint NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    from_universe_id integer NOT NULL,
    to_universe_id integer NOT NULL,
    state "char" NOT NULL,
    from_rate numeric NOT NULL,
    to_rate numeric NOT NULL,
    sale_fee_rate numeric,
    tariff_rate numeric,
    CONSTRAINT hold_pkey PRIMARY KEY (id),
    CONSTRAINT hold_amounts_positive CHECK (quantity > 0 AND price_minor > 0 AND paid_minor > 0),
    CONSTRAINT hold_lives CHECK (expires_at > created_at),
    CONSTRAINT hold_state_known CHECK (state IN ('a', 'c', 'r', 'e')),
    CONSTRAINT hold_captured CHECK (
        CASE state WHEN 'c' THEN captured_quantity BETWEEN 1 AND quantity ELSE captured_quantity = 0 END)
) WITH (fillfactor = 80);
ALTER SEQUENCE mvm.hold_id_seq OWNED BY mvm.hold.id;
CREATE INDEX hold_expires_at_idx ON mvm.hold (expires_at) WHERE state = 'a';
CREATE INDEX hold_item_id_idx ON mvm.hold (item_id) WHERE state = 'a';
CREATE INDEX hold_buyer_id_idx ON mvm.hold (buyer_id) WHERE state = 'a';
COMMENT ON TABLE mvm.hold IS
    'Stock and money set aside for a purchase. An active one past expires_at counts as released for everyone who looks, and is released by whoever needs what it set aside, or by mvm_sweep_holds()';
COMMENT ON COLUMN mvm.hold.seller_id IS 'Who will be paid; null: the treasury of to_universe_id';
COMMENT ON COLUMN mvm.hold.price_minor IS 'Price of one piece, minor units of to_universe_id''s currency';
COMMENT ON COLUMN mvm.hold.paid_minor IS 'Set aside from the buyer''s wallet, tariff included, minor units of from_universe_id''s currency';
COMMENT ON COLUMN mvm.hold.state IS 'a active, c captured, r released, e released because its time was over';

CREATE TRIGGER quote_rows_stay BEFORE TRUNCATE ON mvm.quote
    FOR EACH STATEMENT EXECUTE FUNCTION mvm.refuse_change();
CREATE TRIGGER quote_stays_unless_expired BEFORE DELETE ON mvm.quote
    FOR EACH ROW WHEN (OLD.transaction_id IS NOT NULL OR OLD.expires_at > pg_catalog.now())
    EXECUTE FUNCTION mvm.refuse_change();
CREATE TRIGGER hold_rows_stay BEFORE DELETE OR TRUNCATE ON mvm.hold
    FOR EACH STATEMENT EXECUTE FUNCTION mvm.refuse_change();
CREATE TRIGGER route_rows_stay BEFORE DELETE OR TRUNCATE ON mvm.route
    FOR EACH STATEMENT EXECUTE FUNCTION mvm.refuse_change();
CREATE TRIGGER rule_change_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON mvm.rule_change
    FOR EACH STATEMENT EXECUTE FUNCTION mvm.refuse_change();
CREATE TRIGGER price_change_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON mvm.price_change
    FOR EACH STATEMENT EXECUTE FUNCTION mvm.refuse_change();
CREATE TRIGGER refund_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON mvm.refund
    FOR EACH STATEMENT EXECUTE FUNCTION mvm.refuse_change();

SELECT pg_catalog.pg_extension_config_dump('mvm.route', '');
SELECT pg_catalog.pg_extension_config_dump('mvm.rule_change', '');
SELECT pg_catalog.pg_extension_config_dump('mvm.rule_change_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('mvm.price_change', '');
SELECT pg_catalog.pg_extension_config_dump('mvm.refund', '');
SELECT pg_catalog.pg_extension_config_dump('mvm.quote', '');
SELECT pg_catalog.pg_extension_config_dump('mvm.quote_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('mvm.hold', '');
SELECT pg_catalog.pg_extension_config_dump('mvm.hold_id_seq', '');

-- ---------------------------------------------------------------------------
-- Views
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
COMMENT ON VIEW mvm.universes IS 'Universes with their currency, exchange rate and trading rules; a bound that is null does not bind';

CREATE VIEW mvm.routes AS
SELECT r.from_universe_id, r.to_universe_id, r.allowed, COALESCE(r.tariff_rate, 0) AS tariff_rate
FROM mvm.route r;
COMMENT ON VIEW mvm.routes IS 'Rules between two universes; where there is no row, all is allowed and free';

CREATE VIEW mvm.rule_changes AS
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
COMMENT ON VIEW mvm.rule_changes IS
    'The rules of a universe, or of its route to to_universe_id, as each change left them, and who made it';

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
COMMENT ON VIEW mvm.items IS
    'Items; price is in the currency of universe_id, seller_id null is its treasury, listed is false while it is off the market';

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

CREATE VIEW mvm.quotes AS
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
COMMENT ON VIEW mvm.quotes IS
    'Exchanges at a frozen rate: what would be debited and credited, fee taken off, until when, and which transaction accepted it';

CREATE VIEW mvm.holds AS
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
COMMENT ON VIEW mvm.holds IS
    'Stock and money set aside: amount in from_universe_id''s currency, price of one piece in to_universe_id''s';

CREATE VIEW mvm.prices AS
SELECT
    c.item_id,
    mvm.amount(c.price_minor, u.currency_scale) AS price,
    c.valid_from
FROM mvm.price_change c
JOIN mvm.item i ON i.id = c.item_id
JOIN mvm.universe u ON u.id = i.universe_id;
COMMENT ON VIEW mvm.prices IS 'Every price that an item was given after it was listed, and since when';

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
COMMENT ON VIEW mvm.transactions IS
    'Every journal row: amount is what was paid in from_universe_id''s currency, tariff included, received_amount what was received in to_universe_id''s, fee taken off; a refund gives both back; a listing or restock moves stock only';

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
COMMENT ON VIEW mvm.trades IS
    'Purchases: amount is what the buyer paid in from_universe_id''s currency, tariff included, received_amount what the seller got in to_universe_id''s, fee taken off';

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
COMMENT ON VIEW mvm.leg IS
    'Legs of every journal row in minor units; per transaction and currency they sum to zero';
COMMENT ON VIEW mvm.ledger IS
    'Double entry: the legs of every transaction. account is wallet (of user_id) or one of the house accounts fx, fees, holds, treasury, outside of universe_id';

ALTER TYPE mvm.exchange_result ADD ATTRIBUTE fee numeric;
COMMENT ON TYPE mvm.exchange_result IS
    'Answer of mvm_exchange(): amount was debited in from_universe_id''s currency, converted_amount credited in to_universe_id''s, fee taken off';

-- ---------------------------------------------------------------------------
-- History of exchange rates
-- ---------------------------------------------------------------------------

CREATE SEQUENCE mvm.exchange_rate_change_id_seq AS bigint;
CREATE TABLE mvm.exchange_rate_change (
    id bigint NOT NULL DEFAULT pg_catalog.nextval('mvm.exchange_rate_change_id_seq'),
    valid_from timestamptz NOT NULL,
    universe_id integer NOT NULL,
    exchange_rate numeric NOT NULL,
    CONSTRAINT exchange_rate_change_pkey PRIMARY KEY (id)
);
ALTER SEQUENCE mvm.exchange_rate_change_id_seq OWNED BY mvm.exchange_rate_change.id;
CREATE INDEX exchange_rate_change_universe_id_idx ON mvm.exchange_rate_change (universe_id, valid_from, id);
COMMENT ON TABLE mvm.exchange_rate_change IS
    'Append-only: every exchange rate that a universe has had, and since when';
COMMENT ON COLUMN mvm.exchange_rate_change.valid_from IS
    'Read from the clock while the universe was locked; -infinity: the rate it had before the history began';

-- The foreign key makes pg_dump put the history before the universes, so that the
-- trigger can tell a universe that is restored from a new one. Deferred, for the
-- trigger writes what it asks for.
ALTER TABLE mvm.universe
    ADD COLUMN first_rate_id bigint NOT NULL DEFAULT pg_catalog.nextval('mvm.exchange_rate_change_id_seq');
COMMENT ON COLUMN mvm.universe.first_rate_id IS 'Row of mvm.exchange_rate_change with its first rate';
INSERT INTO mvm.exchange_rate_change (id, valid_from, universe_id, exchange_rate)
SELECT u.first_rate_id, '-infinity', u.id, u.exchange_rate FROM mvm.universe u;
ALTER TABLE mvm.universe
    ADD CONSTRAINT universe_first_rate_id_fkey FOREIGN KEY (first_rate_id)
        REFERENCES mvm.exchange_rate_change (id) DEFERRABLE INITIALLY DEFERRED;

CREATE FUNCTION mvm.record_exchange_rate() RETURNS trigger
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'mvm_record_exchange_rate';
COMMENT ON FUNCTION mvm.record_exchange_rate() IS
    'Trigger: writes the exchange rate of a universe that was inserted, or given another rate, to mvm.exchange_rate_change';
REVOKE ALL ON FUNCTION mvm.record_exchange_rate() FROM PUBLIC;

CREATE TRIGGER universe_first_rate_is_recorded AFTER INSERT ON mvm.universe
    FOR EACH ROW EXECUTE FUNCTION mvm.record_exchange_rate();
CREATE TRIGGER universe_rate_change_is_recorded AFTER UPDATE ON mvm.universe
    FOR EACH ROW WHEN (OLD.exchange_rate IS DISTINCT FROM NEW.exchange_rate)
    EXECUTE FUNCTION mvm.record_exchange_rate();
CREATE TRIGGER exchange_rate_change_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON mvm.exchange_rate_change
    FOR EACH STATEMENT EXECUTE FUNCTION mvm.refuse_change();

SELECT pg_catalog.pg_extension_config_dump('mvm.exchange_rate_change', '');
SELECT pg_catalog.pg_extension_config_dump('mvm.exchange_rate_change_id_seq', '');

CREATE VIEW mvm.exchange_rates AS
SELECT
    c.universe_id,
    c.exchange_rate,
    c.valid_from,
    pg_catalog.lead(c.valid_from) OVER (PARTITION BY c.universe_id ORDER BY c.valid_from, c.id) AS valid_to
FROM mvm.exchange_rate_change c;
COMMENT ON VIEW mvm.exchange_rates IS
    'Every exchange rate that a universe has had: it held from valid_from until before valid_to, null is until now; valid_from -infinity: since before the history began';

DROP FUNCTION @extschema@.mvm_convert(numeric, integer, integer);
CREATE FUNCTION @extschema@.mvm_convert(
    amount numeric,
    from_universe_id integer,
    to_universe_id integer,
    at timestamptz DEFAULT NULL
) RETURNS numeric
    LANGUAGE c STABLE
    AS 'MODULE_PATHNAME', 'mvm_convert';
COMMENT ON FUNCTION @extschema@.mvm_convert(numeric, integer, integer, timestamptz) IS
    'What an exchange of amount would credit now: amount * rate of to / rate of from, rounded down, less the exchange fee. With at: what amount was worth at the rates that held then, rounded down, without a fee, as nobody can exchange at them. MV003, MV103, MV201, MV203, MV204';
REVOKE ALL ON FUNCTION @extschema@.mvm_convert(numeric, integer, integer, timestamptz) FROM PUBLIC;

-- ---------------------------------------------------------------------------
-- Balances of the past and statements
-- ---------------------------------------------------------------------------

CREATE TABLE mvm.balance_snapshot (
    user_id bigint NOT NULL,
    before_id bigint NOT NULL,
    balance_minor bigint NOT NULL,
    taken_at timestamptz NOT NULL,
    universe_id integer NOT NULL,
    CONSTRAINT balance_snapshot_pkey PRIMARY KEY (user_id, universe_id, before_id)
);
CREATE INDEX balance_snapshot_taken_at_idx ON mvm.balance_snapshot (user_id, universe_id, taken_at, before_id);
COMMENT ON TABLE mvm.balance_snapshot IS
    'What a wallet held before about every 64th of its movements, so that a balance of the past and a statement are counted from the nearest one; a row may be missing, but not be wrong';
COMMENT ON COLUMN mvm.balance_snapshot.before_id IS 'A journal row: the balance is by the wallet''s rows with lower ids, and by no others';
COMMENT ON COLUMN mvm.balance_snapshot.taken_at IS 'The transaction_time of that row';
CREATE TRIGGER balance_snapshot_unchanged BEFORE UPDATE ON mvm.balance_snapshot
    FOR EACH STATEMENT EXECUTE FUNCTION mvm.refuse_change();
INSERT INTO mvm.balance_snapshot (user_id, before_id, balance_minor, taken_at, universe_id)
SELECT m.user_id, m.transaction_id, m.balance_minor - m.moved_minor, m.transaction_time, m.universe_id
FROM (
    SELECT user_id, universe_id, transaction_id, transaction_time, sum(amount_minor) AS moved_minor,
        sum(sum(amount_minor)) OVER w AS balance_minor, row_number() OVER w AS place
    FROM mvm.leg WHERE account = 'wallet'
    GROUP BY user_id, universe_id, transaction_id, transaction_time
    WINDOW w AS (PARTITION BY user_id, universe_id ORDER BY transaction_id)
) m
WHERE m.place % 64 = 0
  AND m.balance_minor - m.moved_minor BETWEEN -9223372036854775808 AND 9223372036854775807; -- others are for mvm_audit()
SELECT pg_catalog.pg_extension_config_dump('mvm.balance_snapshot', '');

DROP FUNCTION @extschema@.mvm_balance(bigint, integer);
CREATE FUNCTION @extschema@.mvm_balance(user_id bigint, universe_id integer DEFAULT NULL, at timestamptz DEFAULT NULL)
    RETURNS numeric
    LANGUAGE c STABLE
    AS 'MODULE_PATHNAME', 'mvm_balance';
COMMENT ON FUNCTION @extschema@.mvm_balance(bigint, integer, timestamptz) IS
    'Balance of a user''s wallet in universe_id, home unless told; 0 where there is no wallet yet. With at: what it was after everything before that time, as the opening of a statement from then. MV001, MV003, MV203';

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
    transaction_time timestamptz
)
    LANGUAGE c STABLE ROWS 100
    AS 'MODULE_PATHNAME', 'mvm_statement';
COMMENT ON FUNCTION @extschema@.mvm_statement(bigint, integer, timestamptz, timestamptz, integer, bigint) IS
    'What moved a user''s wallet from from_time until before to_time, oldest first, and the balance after each movement: at most max_rows (1 to 100000) lines with ids above after_id. The first page (after_id null) begins with a line ''opening'', the last ends with a line ''closing''. amount is below zero for what was taken. MV001, MV003, MV203';

REVOKE ALL ON FUNCTION
    @extschema@.mvm_balance(bigint, integer, timestamptz),
    @extschema@.mvm_statement(bigint, integer, timestamptz, timestamptz, integer, bigint)
FROM PUBLIC;

-- ---------------------------------------------------------------------------
-- Functions with further arguments
-- ---------------------------------------------------------------------------

DROP FUNCTION @extschema@.mvm_exchange(bigint, numeric, integer, integer, text);
CREATE FUNCTION @extschema@.mvm_exchange(
    user_id bigint,
    amount numeric,
    from_universe_id integer,
    to_universe_id integer,
    idempotency_key text DEFAULT NULL,
    min_converted numeric DEFAULT NULL
) RETURNS mvm.exchange_result
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_exchange';
COMMENT ON FUNCTION @extschema@.mvm_exchange(bigint, numeric, integer, integer, text, numeric) IS
    'Moves a user''s money from one currency to another at the current rates, rounding the credit down and taking the exchange fee off it; refused when it would credit less than min_converted. The same idempotency_key and request returns the first answer. MV001, MV003, MV101, MV103, MV106, MV201, MV203, MV204, MV301, MV401';

DROP FUNCTION @extschema@.mvm_buy(bigint, bigint, bigint, text);
CREATE FUNCTION @extschema@.mvm_buy(
    buyer_id bigint,
    item_id bigint,
    quantity bigint DEFAULT 1,
    idempotency_key text DEFAULT NULL,
    max_amount numeric DEFAULT NULL,
    pay_from integer[] DEFAULT NULL
) RETURNS mvm.trades
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_buy';
COMMENT ON FUNCTION @extschema@.mvm_buy(bigint, bigint, bigint, text, numeric, integer[]) IS
    'Buys quantity pieces of an item from the buyer''s home wallet, converting (rounded up) when it is priced in another currency, with tariff on top and the sale fee from the seller''s proceeds; refused when it would cost more than max_amount. pay_from names the universes of the wallets to pay from instead: what is in the first is exchanged into the currency of the next, until one can pay the rest; max_amount then is in the last one''s currency. Stock, wallets and the journal move together. The same idempotency_key and request returns the first answer. MV001, MV002, MV101, MV102, MV104, MV105, MV106, MV201, MV202, MV203, MV204, MV301, MV401';

DROP FUNCTION @extschema@.mvm_buy_batch(bigint[], bigint[], bigint[], text[]);
CREATE FUNCTION @extschema@.mvm_buy_batch(
    buyer_ids bigint[],
    item_ids bigint[],
    quantities bigint[],
    idempotency_keys text[] DEFAULT NULL,
    max_amounts numeric[] DEFAULT NULL
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
    tariff numeric
)
    LANGUAGE c VOLATILE ROWS 1000
    AS 'MODULE_PATHNAME', 'mvm_buy_batch';
COMMENT ON FUNCTION @extschema@.mvm_buy_batch(bigint[], bigint[], bigint[], text[], numeric[]) IS
    'Many purchases as if they ran one by one in the given order: a row per order with its own outcome, ''ok'' or an error''s code. A refused order changes nothing and stops nothing; a refusal under an idempotency key is remembered. MV203 for arrays that are null, differ in length or hold more than 100000 orders';

DROP FUNCTION @extschema@.mvm_exchange_batch(bigint[], numeric[], integer[], integer[], text[]);
CREATE FUNCTION @extschema@.mvm_exchange_batch(
    user_ids bigint[],
    amounts numeric[],
    from_universe_ids integer[],
    to_universe_ids integer[],
    idempotency_keys text[] DEFAULT NULL,
    min_converted numeric[] DEFAULT NULL
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
    fee numeric
)
    LANGUAGE c VOLATILE ROWS 1000
    AS 'MODULE_PATHNAME', 'mvm_exchange_batch';
COMMENT ON FUNCTION @extschema@.mvm_exchange_batch(bigint[], numeric[], integer[], integer[], text[], numeric[]) IS
    'Many exchanges as if they ran one by one in the given order; otherwise as mvm_buy_batch()';

REVOKE ALL ON FUNCTION
    @extschema@.mvm_exchange(bigint, numeric, integer, integer, text, numeric),
    @extschema@.mvm_buy(bigint, bigint, bigint, text, numeric, integer[]),
    @extschema@.mvm_buy_batch(bigint[], bigint[], bigint[], text[], numeric[]),
    @extschema@.mvm_exchange_batch(bigint[], numeric[], integer[], integer[], text[], numeric[])
FROM PUBLIC;

-- What was dropped has a successor of the same name, or none.
DO $$
DECLARE
    kept record;
BEGIN
    FOR kept IN
        SELECT COALESCE('FUNCTION ' || p.oid::regprocedure, 'TABLE ' || c.oid::regclass) AS object,
            CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE g.grantee::regrole::text END AS grantee,
            g.privilege_type,
            CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END AS grant_option
        FROM json_to_recordset(current_setting('mvm.kept_grants')::json)
            AS g(function oid, view oid, name name, grantee oid, privilege_type text, is_grantable boolean)
        LEFT JOIN (
            SELECT f.oid, f.proname
            FROM pg_extension e
            JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e'
            JOIN pg_proc f ON d.classid = 'pg_proc'::regclass AND f.oid = d.objid
            WHERE e.extname = 'mvm'
        ) p ON g.function IS NOT NULL AND p.proname = g.name
        LEFT JOIN pg_class c ON g.view IS NOT NULL AND c.relnamespace = 'mvm'::regnamespace AND c.relname = g.name
        WHERE NOT EXISTS (SELECT FROM pg_proc f WHERE f.oid = g.function)
          AND NOT EXISTS (SELECT FROM pg_class v WHERE v.oid = g.view)
          AND (p.oid IS NOT NULL OR c.oid IS NOT NULL)
    LOOP
        EXECUTE format('GRANT %s ON %s TO %s%s', kept.privilege_type, kept.object, kept.grantee, kept.grant_option);
    END LOOP;
END $$;

CREATE OR REPLACE FUNCTION @extschema@.mvm_audit()
    RETURNS TABLE (check_name text, subject text, expected numeric, actual numeric)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
    -- One statement, so one snapshot: an audit beside running trades is exact.
    SELECT 'wallet_equals_ledger'::text,
        format('user %s universe %s', COALESCE(w.user_id, l.user_id), COALESCE(w.universe_id, l.universe_id)),
        COALESCE(l.ledger_minor, 0)::numeric,
        COALESCE(w.balance_minor, 0)::numeric
    FROM mvm.wallet w
    FULL JOIN (
        SELECT user_id, universe_id, sum(amount_minor) AS ledger_minor
        FROM mvm.leg WHERE account = 'wallet' GROUP BY user_id, universe_id
    ) l ON l.user_id = w.user_id AND l.universe_id = w.universe_id
    WHERE COALESCE(l.ledger_minor, 0) <> COALESCE(w.balance_minor, 0)
    UNION ALL
    -- The legs of each wallet that has snapshots are counted once, in the order of their ids.
    SELECT 'snapshot_equals_ledger',
        format('user %s universe %s before transaction %s', c.user_id, c.universe_id, c.id), c.ledger_minor, c.balance_minor
    FROM (
        SELECT m.user_id, m.universe_id, m.id, m.balance_minor, COALESCE(sum(m.amount_minor) OVER (
            PARTITION BY m.user_id, m.universe_id ORDER BY m.id, m.is_leg ROWS UNBOUNDED PRECEDING), 0) AS ledger_minor
        FROM (
            SELECT user_id, universe_id, before_id AS id, false AS is_leg, NULL::bigint AS amount_minor, balance_minor
            FROM mvm.balance_snapshot
            UNION ALL
            SELECT l.user_id, l.universe_id, l.transaction_id, true, l.amount_minor, NULL
            FROM mvm.leg l
            WHERE l.account = 'wallet'
              AND (l.user_id, l.universe_id) IN (SELECT s.user_id, s.universe_id FROM mvm.balance_snapshot s)
        ) m
    ) c
    WHERE c.balance_minor <> c.ledger_minor
    UNION ALL
    SELECT 'snapshot_is_of_transaction', format('user %s universe %s before transaction %s', s.user_id, s.universe_id, s.before_id),
        NULL, s.balance_minor
    FROM mvm.balance_snapshot s
    WHERE NOT EXISTS (SELECT FROM mvm.journal j WHERE j.id = s.before_id AND j.transaction_time = s.taken_at)
    UNION ALL
    SELECT 'transaction_sums_to_zero', format('transaction %s universe %s', transaction_id, universe_id),
        0, sum(amount_minor)
    FROM mvm.leg GROUP BY transaction_id, universe_id HAVING sum(amount_minor) <> 0
    UNION ALL
    SELECT 'stock_equals_movements', format('item %s', COALESCE(i.id, m.item_id)),
        COALESCE(m.moved, 0), COALESCE(i.stock, 0)
    FROM mvm.item i
    FULL JOIN (
        SELECT item_id, sum(CASE WHEN kind IN ('p', 'h') THEN -quantity ELSE quantity END) AS moved
        FROM mvm.journal WHERE kind IN ('l', 's', 'p', 'r', 'h', 'u') GROUP BY item_id
    ) m ON m.item_id = i.id
    WHERE COALESCE(m.moved, 0) <> COALESCE(i.stock, 0)
    UNION ALL
    -- With rate = units per reference unit: paid / from_rate >= received / to_rate, before tariff and fee.
    SELECT 'conversion_favours_house', format('transaction %s', c.id),
        c.received_minor * c.from_rate * power(10::numeric, f.currency_scale::numeric),
        c.paid_minor * c.to_rate * power(10::numeric, t.currency_scale::numeric)
    FROM (
        SELECT id, from_universe_id, to_universe_id, from_rate, to_rate,
            paid_minor - COALESCE(tariff_minor, 0) AS paid_minor,
            received_minor + COALESCE(fee_minor, 0) AS received_minor
        FROM mvm.journal WHERE kind IN ('x', 'p') AND from_universe_id <> to_universe_id
    ) c
    JOIN mvm.universe f ON f.id = c.from_universe_id
    JOIN mvm.universe t ON t.id = c.to_universe_id
    WHERE c.paid_minor * c.to_rate * power(10::numeric, t.currency_scale::numeric)
        < c.received_minor * c.from_rate * power(10::numeric, f.currency_scale::numeric)
    UNION ALL
    SELECT 'holds_equal_ledger', format('universe %s', COALESCE(h.universe_id, l.universe_id)),
        COALESCE(l.ledger_minor, 0), COALESCE(h.held_minor, 0)
    FROM (
        SELECT from_universe_id AS universe_id, sum(paid_minor) AS held_minor
        FROM mvm.hold WHERE state = 'a' GROUP BY from_universe_id
    ) h
    FULL JOIN (
        SELECT universe_id, sum(amount_minor) AS ledger_minor
        FROM mvm.leg WHERE account = 'holds' GROUP BY universe_id
    ) l ON l.universe_id = h.universe_id
    WHERE COALESCE(l.ledger_minor, 0) <> COALESCE(h.held_minor, 0)
    UNION ALL
    -- A row made it, another ended it unless it is active, and a purchase at its terms did if it was captured.
    SELECT 'hold_equals_journal', format('hold %s', COALESCE(h.id, j.reference_id)),
        max(j.paid_minor) FILTER (WHERE j.kind <> 'p'), max(h.paid_minor)
    FROM mvm.hold h
    FULL JOIN (
        SELECT * FROM mvm.journal WHERE kind IN ('h', 'u') OR kind = 'p' AND reference_id IS NOT NULL
    ) j ON j.reference_id = h.id
    GROUP BY h.id, h.state, j.reference_id
    HAVING count(*) FILTER (WHERE j.kind = 'h') <> 1
        OR count(*) FILTER (WHERE j.kind = 'u') <> CASE h.state WHEN 'a' THEN 0 ELSE 1 END
        OR count(*) FILTER (WHERE j.kind = 'p') <> CASE h.state WHEN 'c' THEN 1 ELSE 0 END
        OR bool_or(CASE j.kind
            WHEN 'p' THEN
                (j.user_id, j.counterparty_id, j.item_id, j.quantity, j.received_minor::numeric + COALESCE(j.fee_minor, 0),
                    j.from_universe_id, j.to_universe_id, j.from_rate, j.to_rate)
                IS DISTINCT FROM
                (h.buyer_id, h.seller_id, h.item_id, h.captured_quantity, h.captured_quantity::numeric * h.price_minor,
                    h.from_universe_id, h.to_universe_id, h.from_rate, h.to_rate)
            ELSE
                (j.user_id, j.item_id, j.quantity, j.paid_minor, j.from_universe_id, j.from_rate)
                IS DISTINCT FROM
                (h.buyer_id, h.item_id, h.quantity, h.paid_minor, h.from_universe_id, h.from_rate)
        END)
    UNION ALL
    SELECT 'quote_equals_exchange', format('quote %s', COALESCE(q.id, j.reference_id)), j.received_minor, q.received_minor
    FROM (SELECT * FROM mvm.quote WHERE transaction_id IS NOT NULL) q
    FULL JOIN (
        SELECT * FROM mvm.journal WHERE kind = 'x' AND reference_id IS NOT NULL
    ) j ON j.reference_id = q.id AND j.id = q.transaction_id
    WHERE (j.user_id, j.paid_minor, j.received_minor, COALESCE(j.fee_minor, 0), j.from_universe_id, j.to_universe_id,
            j.from_rate, j.to_rate)
        IS DISTINCT FROM
        (q.user_id, q.paid_minor, q.received_minor, q.fee_minor, q.from_universe_id, q.to_universe_id,
            q.from_rate, q.to_rate)
    UNION ALL
    -- A rate of any time: the snapshot that it was read in may be much older than the row.
    SELECT 'frozen_rate_in_history', format('%s universe %s', r.subject, r.universe_id), NULL, r.exchange_rate
    FROM (
        SELECT format('quote %s', id) AS subject, from_universe_id AS universe_id, from_rate AS exchange_rate FROM mvm.quote
        UNION ALL
        SELECT format('quote %s', id), to_universe_id, to_rate FROM mvm.quote
        UNION ALL
        SELECT format('hold %s', id), from_universe_id, from_rate FROM mvm.hold
        UNION ALL
        SELECT format('hold %s', id), to_universe_id, to_rate FROM mvm.hold
    ) r
    WHERE NOT EXISTS (
        SELECT FROM mvm.exchange_rate_change c
        WHERE c.universe_id = r.universe_id AND c.exchange_rate = r.exchange_rate)
    UNION ALL
    SELECT 'refunds_within_purchase', format('transaction %s', r.reference_id), p.quantity, r.quantity
    FROM (
        SELECT reference_id, sum(quantity) AS quantity, sum(paid_minor) AS paid_minor,
            sum(received_minor) AS received_minor, sum(COALESCE(fee_minor, 0)) AS fee_minor,
            sum(COALESCE(tariff_minor, 0)) AS tariff_minor
        FROM mvm.journal WHERE kind = 'r' GROUP BY reference_id
    ) r
    LEFT JOIN mvm.journal p ON p.id = r.reference_id AND p.kind = 'p'
    WHERE p.id IS NULL OR r.quantity > p.quantity OR r.paid_minor > p.paid_minor
       OR r.received_minor + r.fee_minor > p.received_minor + COALESCE(p.fee_minor, 0)
       OR r.tariff_minor > COALESCE(p.tariff_minor, 0) OR r.fee_minor > COALESCE(p.fee_minor, 0)
    UNION ALL
    SELECT 'refund_is_linked', format('transaction %s', COALESCE(j.id, l.refund_id)), j.quantity, l.quantity
    FROM (SELECT id, reference_id, quantity FROM mvm.journal WHERE kind = 'r') j
    FULL JOIN mvm.refund l ON l.refund_id = j.id AND l.transaction_id = j.reference_id
    WHERE j.quantity IS DISTINCT FROM l.quantity
    UNION ALL
    SELECT 'rate_equals_history', format('universe %s', COALESCE(u.id, h.universe_id)), h.exchange_rate, u.exchange_rate
    FROM mvm.universe u
    FULL JOIN (
        SELECT DISTINCT ON (universe_id) universe_id, exchange_rate
        FROM mvm.exchange_rate_change ORDER BY universe_id, valid_from DESC, id DESC
    ) h ON h.universe_id = u.id
    WHERE h.exchange_rate IS DISTINCT FROM u.exchange_rate
    UNION ALL
    SELECT 'journal_names_known_rows', format('transaction %s', j.id), NULL, NULL
    FROM mvm.journal j
    WHERE NOT EXISTS (SELECT FROM mvm.universe u WHERE u.id = j.from_universe_id)
       OR NOT EXISTS (SELECT FROM mvm.universe u WHERE u.id = j.to_universe_id)
       OR j.user_id IS NOT NULL AND NOT EXISTS (SELECT FROM mvm.user_account a WHERE a.id = j.user_id)
       OR j.counterparty_id IS NOT NULL AND NOT EXISTS (SELECT FROM mvm.user_account a WHERE a.id = j.counterparty_id)
       OR j.item_id IS NOT NULL AND NOT EXISTS (SELECT FROM mvm.item i WHERE i.id = j.item_id)
    UNION ALL
    SELECT 'idempotency_key_has_answer', format('user %s key %s', k.user_id, k.key), NULL, k.transaction_id
    FROM mvm.idempotency_key k
    WHERE k.refusal IS NULL AND NOT EXISTS (
        SELECT FROM mvm.journal j
        WHERE j.id = k.transaction_id AND COALESCE(j.user_id, 0) = k.user_id AND j.idempotency_key = k.key)
    UNION ALL
    SELECT 'sequence_is_ahead', s.name, s.highest, s.reached
    FROM (
        SELECT 'mvm.universe_id_seq' AS name, (SELECT max(id) FROM mvm.universe) AS highest,
            (SELECT last_value FROM mvm.universe_id_seq) AS reached
        UNION ALL
        SELECT 'mvm.user_account_id_seq', (SELECT max(id) FROM mvm.user_account),
            (SELECT last_value FROM mvm.user_account_id_seq)
        UNION ALL
        SELECT 'mvm.item_id_seq', (SELECT max(id) FROM mvm.item),
            (SELECT last_value FROM mvm.item_id_seq)
        UNION ALL
        SELECT 'mvm.journal_id_seq', (SELECT max(id) FROM mvm.journal),
            (SELECT last_value FROM mvm.journal_id_seq)
    ) s
    WHERE s.reached < s.highest
$$;
COMMENT ON FUNCTION @extschema@.mvm_audit() IS
    'A row per violation, none when the market is clean: wallets and snapshots of their balances against the ledger, zero sums per transaction and currency, stock against its movements, conversions never below the rate, holds and accepted quotes against their journal rows and the rates that there were, refunds within their purchases, universes'' rates against their history, references, idempotency keys, sequences. Amounts in minor units';

-- ---------------------------------------------------------------------------
-- New functions
-- ---------------------------------------------------------------------------

CREATE FUNCTION @extschema@.mvm_restock(item_id bigint, quantity bigint, idempotency_key text DEFAULT NULL)
    RETURNS mvm.transactions
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_restock';
COMMENT ON FUNCTION @extschema@.mvm_restock(bigint, bigint, text) IS
    'Adds pieces to an item''s stock, journalled. A key belongs to the seller. MV002, MV202, MV203, MV204, MV401';

CREATE FUNCTION @extschema@.mvm_set_price(item_id bigint, price numeric) RETURNS mvm.items
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_set_price';
COMMENT ON FUNCTION @extschema@.mvm_set_price(bigint, numeric) IS
    'Changes an item''s price, in its universe''s currency, and notes it in mvm.prices. A purchase pays the price at the moment it locks the item. MV002, MV201, MV203, MV204';

CREATE FUNCTION @extschema@.mvm_delist_item(item_id bigint) RETURNS mvm.items
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_delist_item';
COMMENT ON FUNCTION @extschema@.mvm_delist_item(bigint) IS
    'Takes an item off the market: nobody can buy it until mvm_relist_item(). MV002, MV203';

CREATE FUNCTION @extschema@.mvm_relist_item(item_id bigint) RETURNS mvm.items
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_relist_item';
COMMENT ON FUNCTION @extschema@.mvm_relist_item(bigint) IS 'Puts an item back on the market. MV002, MV203';

CREATE FUNCTION @extschema@.mvm_transfer(
    from_user_id bigint,
    to_user_id bigint,
    amount numeric,
    universe_id integer DEFAULT NULL,
    idempotency_key text DEFAULT NULL
) RETURNS mvm.transactions
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_transfer';
COMMENT ON FUNCTION @extschema@.mvm_transfer(bigint, bigint, numeric, integer, text) IS
    'Moves money from one user to another in universe_id''s currency (the sender''s home unless told). MV001, MV003, MV101, MV201, MV203, MV204, MV401';

CREATE FUNCTION @extschema@.mvm_refund(
    transaction_id bigint,
    quantity bigint DEFAULT NULL,
    idempotency_key text DEFAULT NULL
) RETURNS mvm.transactions
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_refund';
COMMENT ON FUNCTION @extschema@.mvm_refund(bigint, bigint, text) IS
    'Undoes quantity pieces of a purchase, all that are left unless told, at its own amounts: the buyer gets back what was paid, the seller gives back what was received, fee and tariff go back pro rata, the stock returns. A key belongs to the buyer. MV004, MV101, MV107, MV202, MV203, MV204, MV401';

CREATE FUNCTION @extschema@.mvm_quote(
    user_id bigint,
    amount numeric,
    from_universe_id integer,
    to_universe_id integer,
    ttl interval DEFAULT interval '30 seconds'
) RETURNS mvm.quotes
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_quote';
COMMENT ON FUNCTION @extschema@.mvm_quote(bigint, numeric, integer, integer, interval) IS
    'Freezes what an exchange would credit now, for one user and amount, until ttl is over. MV001, MV003, MV103, MV201, MV203, MV204, MV301';

CREATE FUNCTION @extschema@.mvm_accept_quote(quote_id bigint) RETURNS mvm.exchange_result
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_accept_quote';
COMMENT ON FUNCTION @extschema@.mvm_accept_quote(bigint) IS
    'Makes the exchange of a quote at its frozen rate and fee, once or not at all. MV005, MV101, MV108, MV203, MV204, MV301';

CREATE FUNCTION @extschema@.mvm_purge_quotes(older_than interval DEFAULT interval '7 days') RETURNS bigint
    LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'mvm_purge_quotes';
COMMENT ON FUNCTION @extschema@.mvm_purge_quotes(interval) IS
    'Forgets quotes that nobody accepted and that expired longer ago than the given age, and returns how many; accepted ones stay. MV203 for an age below zero or above 1000 years';

CREATE FUNCTION @extschema@.mvm_reserve(
    buyer_id bigint,
    item_id bigint,
    quantity bigint DEFAULT 1,
    ttl interval DEFAULT interval '15 minutes',
    idempotency_key text DEFAULT NULL
) RETURNS mvm.holds
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_reserve';
COMMENT ON FUNCTION @extschema@.mvm_reserve(bigint, bigint, bigint, interval, text) IS
    'Sets stock and the buyer''s money aside for a purchase at the present price, rates, fee and tariff, until ttl is over. MV001, MV002, MV101, MV102, MV104, MV105, MV202, MV203, MV204, MV301, MV401';

CREATE FUNCTION @extschema@.mvm_capture(
    hold_id bigint,
    quantity bigint DEFAULT NULL,
    idempotency_key text DEFAULT NULL
) RETURNS mvm.trades
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_capture';
COMMENT ON FUNCTION @extschema@.mvm_capture(bigint, bigint, text) IS
    'Buys quantity of a hold''s pieces, all unless told, at its frozen terms, and releases the rest. A key belongs to the buyer. MV006, MV109, MV202, MV203, MV204, MV401';

CREATE FUNCTION @extschema@.mvm_release(hold_id bigint) RETURNS mvm.holds
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_release';
COMMENT ON FUNCTION @extschema@.mvm_release(bigint) IS
    'Puts back what a hold set aside. MV006, MV109, MV203, MV204';

CREATE FUNCTION @extschema@.mvm_sweep_holds(max_rows integer DEFAULT 1000) RETURNS bigint
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_sweep_holds';
COMMENT ON FUNCTION @extschema@.mvm_sweep_holds(integer) IS
    'Releases holds past their time, at most max_rows, and returns how many it did. They count as released anyway; this writes it down. MV203';

CREATE FUNCTION @extschema@.mvm_move_user(user_id bigint, universe_id integer) RETURNS mvm.users
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_move_user';
COMMENT ON FUNCTION @extschema@.mvm_move_user(bigint, integer) IS
    'Gives a user another home: purchases are then paid from the wallet in its currency. The other wallets stay theirs. MV001, MV003, MV203';

CREATE FUNCTION @extschema@.mvm_set_rules(
    universe_id integer,
    trade_open boolean DEFAULT NULL,
    exchange_open boolean DEFAULT NULL,
    sale_fee_rate numeric DEFAULT NULL,
    exchange_fee_rate numeric DEFAULT NULL,
    min_amount numeric DEFAULT NULL,
    max_amount numeric DEFAULT NULL,
    max_quantity bigint DEFAULT NULL
) RETURNS mvm.universes
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_set_rules';
COMMENT ON FUNCTION @extschema@.mvm_set_rules(integer, boolean, boolean, numeric, numeric, numeric, numeric, bigint) IS
    'Changes a universe''s trading rules; what is null stays. Fee rates are 0 or above and below 1; min_amount 0, max_amount ''Infinity'' and max_quantity 9223372036854775807 take a bound away. Noted in mvm.rule_changes. MV003, MV201, MV202, MV203, MV204';

CREATE FUNCTION @extschema@.mvm_set_route(
    from_universe_id integer,
    to_universe_id integer,
    allowed boolean DEFAULT true,
    tariff_rate numeric DEFAULT 0
) RETURNS mvm.routes
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_set_route';
COMMENT ON FUNCTION @extschema@.mvm_set_route(integer, integer, boolean, numeric) IS
    'Sets the rules between two universes, for buyers and money of from_universe_id and items and currency of to_universe_id: whether it is allowed, and the import tariff on purchases, 0 or above and below 100. Noted in mvm.rule_changes. MV003, MV203';

CREATE FUNCTION @extschema@.mvm_items(seller_id bigint, max_rows integer DEFAULT 100, after_id bigint DEFAULT 0)
    RETURNS SETOF mvm.items
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT i.* FROM mvm.items i
    WHERE i.seller_id = $1 AND i.id > $3
    ORDER BY i.id LIMIT GREATEST($2, 0)
$$;
COMMENT ON FUNCTION @extschema@.mvm_items(bigint, integer, bigint) IS
    'A seller''s own items, on the market or off it, by id: at most max_rows with ids above after_id';

REVOKE ALL ON FUNCTION
    @extschema@.mvm_restock(bigint, bigint, text),
    @extschema@.mvm_set_price(bigint, numeric),
    @extschema@.mvm_delist_item(bigint),
    @extschema@.mvm_relist_item(bigint),
    @extschema@.mvm_transfer(bigint, bigint, numeric, integer, text),
    @extschema@.mvm_refund(bigint, bigint, text),
    @extschema@.mvm_quote(bigint, numeric, integer, integer, interval),
    @extschema@.mvm_accept_quote(bigint),
    @extschema@.mvm_purge_quotes(interval),
    @extschema@.mvm_reserve(bigint, bigint, bigint, interval, text),
    @extschema@.mvm_capture(bigint, bigint, text),
    @extschema@.mvm_release(bigint),
    @extschema@.mvm_sweep_holds(integer),
    @extschema@.mvm_move_user(bigint, integer),
    @extschema@.mvm_set_rules(integer, boolean, boolean, numeric, numeric, numeric, numeric, bigint),
    @extschema@.mvm_set_route(integer, integer, boolean, numeric),
    @extschema@.mvm_items(bigint, integer, bigint)
FROM PUBLIC;

-- ---------------------------------------------------------------------------
-- Auditing what came after a checkpoint
-- ---------------------------------------------------------------------------

CREATE TABLE mvm.audit_checkpoint (
    only_one boolean NOT NULL DEFAULT true,
    id bigint NOT NULL,
    made_at timestamptz NOT NULL,
    journal_id bigint NOT NULL,
    pending int8multirange NOT NULL,
    next_transaction_id xid8 NOT NULL,
    CONSTRAINT audit_checkpoint_pkey PRIMARY KEY (only_one),
    CONSTRAINT audit_checkpoint_only_one CHECK (only_one)
);
COMMENT ON TABLE mvm.audit_checkpoint IS
    'The latest checkpoint of the audit: until there all was well. Journal rows that it knew are those up to journal_id but pending';
COMMENT ON COLUMN mvm.audit_checkpoint.only_one IS 'There is one row at most';
COMMENT ON COLUMN mvm.audit_checkpoint.journal_id IS 'Highest id of a journal row that its snapshot saw';
COMMENT ON COLUMN mvm.audit_checkpoint.pending IS
    'Lower ids that its snapshot did not see: their transactions were in flight then, or rolled back';
COMMENT ON COLUMN mvm.audit_checkpoint.next_transaction_id IS
    'Transactions that were in flight then have lower ids: once all of these have ended, nothing is pending any more';

CREATE TABLE mvm.audit_wallet (
    user_id bigint NOT NULL,
    balance_minor bigint NOT NULL,
    universe_id integer NOT NULL,
    CONSTRAINT audit_wallet_pkey PRIMARY KEY (user_id, universe_id)
);
COMMENT ON TABLE mvm.audit_wallet IS 'Balances of the wallets as of the checkpoint of the audit';

CREATE TABLE mvm.audit_item (
    item_id bigint NOT NULL,
    stock bigint NOT NULL,
    CONSTRAINT audit_item_pkey PRIMARY KEY (item_id)
);
COMMENT ON TABLE mvm.audit_item IS 'Stocks of the items as of the checkpoint of the audit';

CREATE TABLE mvm.audit_hold (
    universe_id integer NOT NULL,
    held_minor numeric NOT NULL,
    CONSTRAINT audit_hold_pkey PRIMARY KEY (universe_id)
);
COMMENT ON TABLE mvm.audit_hold IS 'What holds kept of each currency as of the checkpoint of the audit, a sum in minor units';

SELECT pg_catalog.pg_extension_config_dump('mvm.audit_checkpoint', '');
SELECT pg_catalog.pg_extension_config_dump('mvm.audit_wallet', '');
SELECT pg_catalog.pg_extension_config_dump('mvm.audit_item', '');
SELECT pg_catalog.pg_extension_config_dump('mvm.audit_hold', '');

CREATE VIEW mvm.audit_checkpoints AS
SELECT c.id, c.made_at, c.journal_id AS last_transaction_id FROM mvm.audit_checkpoint c;
COMMENT ON VIEW mvm.audit_checkpoints IS 'The latest checkpoint of the audit, if there is one';

CREATE FUNCTION mvm.next_transaction_id() RETURNS xid8
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_next_transaction_id';
COMMENT ON FUNCTION mvm.next_transaction_id() IS 'The id that the next writing transaction will get';

CREATE FUNCTION mvm.violations_since_checkpoint()
    RETURNS TABLE (check_name text, subject text, expected numeric, actual numeric)
    -- The planner cannot know how few rows are later, and compiling the query would take longer than running it.
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
    -- One statement, so one snapshot. What the checkpoint did not know are the journal rows above its highest id and
    -- those that have appeared among its pending ones; they are found through the primary key, whatever their number.
    -- Where the planner might prefer to read the whole journal, a subquery keeps it from joining.
    WITH checkpoint AS MATERIALIZED (
        SELECT * FROM mvm.audit_checkpoint LIMIT 1
    ), later AS MATERIALIZED (
        SELECT j.*
        FROM checkpoint c
        CROSS JOIN unnest(c.pending + int8multirange(int8range(c.journal_id + 1, 9223372036854775807))) AS r (ids)
        JOIN mvm.journal j ON j.id >= lower(r.ids) AND j.id < upper(r.ids)
    ), leg AS MATERIALIZED (
        -- as mvm.leg has them
        SELECT j.id AS transaction_id, l.account, l.user_id, l.universe_id, l.amount_minor
        FROM later j
        CROSS JOIN LATERAL (
            SELECT CASE j.kind WHEN 'r' THEN -1 ELSE 1 END AS turned,
                j.from_universe_id <> j.to_universe_id AND j.kind IN ('x', 'p', 'r') AS converted
        ) s
        CROSS JOIN LATERAL (VALUES
            ('wallet', j.kind IN ('w', 'x', 'p', 't', 'r', 'h'), j.user_id, j.from_universe_id, -s.turned * j.paid_minor),
            ('outside', j.kind = 'd', NULL, j.from_universe_id, -j.paid_minor),
            ('wallet', j.kind IN ('d', 'x', 'u'), j.user_id, j.to_universe_id, j.received_minor),
            ('wallet', j.kind IN ('p', 't', 'r') AND j.counterparty_id IS NOT NULL, j.counterparty_id, j.to_universe_id,
                s.turned * j.received_minor),
            ('treasury', j.kind IN ('p', 'r') AND j.counterparty_id IS NULL, NULL, j.to_universe_id,
                s.turned * j.received_minor),
            ('outside', j.kind = 'w', NULL, j.to_universe_id, j.received_minor),
            ('holds', j.kind = 'h', NULL, j.from_universe_id, j.paid_minor),
            ('holds', j.kind = 'u', NULL, j.from_universe_id, -j.paid_minor),
            ('treasury', j.tariff_minor IS NOT NULL, NULL, j.from_universe_id, s.turned * j.tariff_minor),
            ('fees', j.fee_minor IS NOT NULL, NULL, j.to_universe_id, s.turned * j.fee_minor),
            ('fx', s.converted, NULL, j.from_universe_id, s.turned * (j.paid_minor - COALESCE(j.tariff_minor, 0))),
            ('fx', s.converted, NULL, j.to_universe_id, -s.turned * (j.received_minor + COALESCE(j.fee_minor, 0)))
        ) AS l (account, is_one, user_id, universe_id, amount_minor)
        WHERE l.is_one
    ), snapshot AS MATERIALIZED (
        SELECT s.* FROM checkpoint c
        JOIN mvm.balance_snapshot s ON s.before_id > c.journal_id OR c.pending @> s.before_id
    )
    SELECT 'wallet_equals_ledger'::text,
        format('user %s universe %s', COALESCE(b.user_id, l.user_id), COALESCE(b.universe_id, l.universe_id)),
        COALESCE(b.known_minor, 0) + COALESCE(l.ledger_minor, 0),
        COALESCE(b.balance_minor, 0)::numeric
    FROM (
        SELECT COALESCE(w.user_id, a.user_id) AS user_id, COALESCE(w.universe_id, a.universe_id) AS universe_id,
            w.balance_minor, a.balance_minor AS known_minor
        FROM mvm.wallet w
        FULL JOIN mvm.audit_wallet a ON a.user_id = w.user_id AND a.universe_id = w.universe_id
    ) b
    FULL JOIN (
        SELECT user_id, universe_id, sum(amount_minor) AS ledger_minor
        FROM leg WHERE account = 'wallet' GROUP BY user_id, universe_id
    ) l ON l.user_id = b.user_id AND l.universe_id = b.universe_id
    WHERE COALESCE(b.known_minor, 0) + COALESCE(l.ledger_minor, 0) <> COALESCE(b.balance_minor, 0)
    UNION ALL
    SELECT 'snapshot_equals_ledger',
        format('user %s universe %s before transaction %s', c.user_id, c.universe_id, c.id),
        COALESCE(a.balance_minor, 0) + c.ledger_minor, c.balance_minor
    FROM (
        SELECT m.user_id, m.universe_id, m.id, m.balance_minor, COALESCE(sum(m.amount_minor) OVER (
            PARTITION BY m.user_id, m.universe_id ORDER BY m.id, m.is_leg ROWS UNBOUNDED PRECEDING), 0) AS ledger_minor
        FROM (
            SELECT user_id, universe_id, before_id AS id, false AS is_leg, NULL::bigint AS amount_minor, balance_minor
            FROM snapshot
            UNION ALL
            SELECT l.user_id, l.universe_id, l.transaction_id, true, l.amount_minor, NULL
            FROM leg l
            WHERE l.account = 'wallet' AND (l.user_id, l.universe_id) IN (SELECT s.user_id, s.universe_id FROM snapshot s)
        ) m
    ) c
    LEFT JOIN mvm.audit_wallet a ON a.user_id = c.user_id AND a.universe_id = c.universe_id
    WHERE c.balance_minor <> COALESCE(a.balance_minor, 0) + c.ledger_minor
    UNION ALL
    SELECT 'snapshot_is_of_transaction', format('user %s universe %s before transaction %s', s.user_id, s.universe_id, s.before_id),
        NULL, s.balance_minor
    FROM snapshot s
    LEFT JOIN LATERAL (SELECT * FROM mvm.journal j WHERE j.id = s.before_id OFFSET 0) j ON true
    WHERE j.transaction_time IS DISTINCT FROM s.taken_at
    UNION ALL
    SELECT 'transaction_sums_to_zero', format('transaction %s universe %s', transaction_id, universe_id),
        0, sum(amount_minor)
    FROM leg GROUP BY transaction_id, universe_id HAVING sum(amount_minor) <> 0
    UNION ALL
    SELECT 'stock_equals_movements', format('item %s', COALESCE(b.id, m.item_id)),
        COALESCE(b.known_stock, 0) + COALESCE(m.moved, 0), COALESCE(b.stock, 0)
    FROM (
        SELECT COALESCE(i.id, a.item_id) AS id, i.stock, a.stock AS known_stock
        FROM mvm.item i
        FULL JOIN mvm.audit_item a ON a.item_id = i.id
    ) b
    FULL JOIN (
        SELECT item_id, sum(CASE WHEN kind IN ('p', 'h') THEN -quantity ELSE quantity END) AS moved
        FROM later WHERE kind IN ('l', 's', 'p', 'r', 'h', 'u') GROUP BY item_id
    ) m ON m.item_id = b.id
    WHERE COALESCE(b.known_stock, 0) + COALESCE(m.moved, 0) <> COALESCE(b.stock, 0)
    UNION ALL
    SELECT 'conversion_favours_house', format('transaction %s', c.id),
        c.received_minor * c.from_rate * power(10::numeric, f.currency_scale::numeric),
        c.paid_minor * c.to_rate * power(10::numeric, t.currency_scale::numeric)
    FROM (
        SELECT id, from_universe_id, to_universe_id, from_rate, to_rate,
            paid_minor - COALESCE(tariff_minor, 0) AS paid_minor,
            received_minor + COALESCE(fee_minor, 0) AS received_minor
        FROM later WHERE kind IN ('x', 'p') AND from_universe_id <> to_universe_id
    ) c
    JOIN mvm.universe f ON f.id = c.from_universe_id
    JOIN mvm.universe t ON t.id = c.to_universe_id
    WHERE c.paid_minor * c.to_rate * power(10::numeric, t.currency_scale::numeric)
        < c.received_minor * c.from_rate * power(10::numeric, f.currency_scale::numeric)
    UNION ALL
    SELECT 'holds_equal_ledger', format('universe %s', COALESCE(b.universe_id, l.universe_id)),
        COALESCE(b.known_minor, 0) + COALESCE(l.ledger_minor, 0), COALESCE(b.held_minor, 0)
    FROM (
        SELECT COALESCE(h.universe_id, a.universe_id) AS universe_id, h.held_minor, a.held_minor AS known_minor
        FROM (
            SELECT from_universe_id AS universe_id, sum(paid_minor) AS held_minor
            FROM mvm.hold WHERE state = 'a' GROUP BY from_universe_id
        ) h
        FULL JOIN mvm.audit_hold a ON a.universe_id = h.universe_id
    ) b
    FULL JOIN (
        SELECT universe_id, sum(amount_minor) AS ledger_minor
        FROM leg WHERE account = 'holds' GROUP BY universe_id
    ) l ON l.universe_id = b.universe_id
    WHERE COALESCE(b.known_minor, 0) + COALESCE(l.ledger_minor, 0) <> COALESCE(b.held_minor, 0)
    UNION ALL
    -- All refunds of the purchases that were refunded since.
    SELECT 'refunds_within_purchase', format('transaction %s', d.reference_id), p.quantity, r.quantity
    FROM (SELECT DISTINCT reference_id FROM later WHERE kind = 'r') d
    LEFT JOIN LATERAL (
        SELECT * FROM mvm.journal j WHERE j.id = d.reference_id AND j.kind = 'p' OFFSET 0
    ) p ON true
    CROSS JOIN LATERAL (
        SELECT sum(j.quantity) AS quantity, sum(j.paid_minor) AS paid_minor, sum(j.received_minor) AS received_minor,
            sum(COALESCE(j.fee_minor, 0)) AS fee_minor, sum(COALESCE(j.tariff_minor, 0)) AS tariff_minor
        FROM mvm.refund l
        CROSS JOIN LATERAL (SELECT * FROM mvm.journal j WHERE j.id = l.refund_id AND j.kind = 'r' OFFSET 0) j
        WHERE l.transaction_id = d.reference_id
    ) r
    WHERE p.id IS NULL OR r.quantity > p.quantity OR r.paid_minor > p.paid_minor
       OR r.received_minor + r.fee_minor > p.received_minor + COALESCE(p.fee_minor, 0)
       OR r.tariff_minor > COALESCE(p.tariff_minor, 0) OR r.fee_minor > COALESCE(p.fee_minor, 0)
    UNION ALL
    SELECT 'refund_is_linked', format('transaction %s', j.id), j.quantity, l.quantity
    FROM later j
    LEFT JOIN LATERAL (
        SELECT * FROM mvm.refund l WHERE l.transaction_id = j.reference_id AND l.refund_id = j.id OFFSET 0
    ) l ON true
    WHERE j.kind = 'r' AND j.quantity IS DISTINCT FROM l.quantity
    UNION ALL
    SELECT 'refund_is_linked', format('transaction %s', l.refund_id), NULL, l.quantity
    FROM (
        SELECT l.* FROM checkpoint c
        JOIN mvm.refund l ON l.refund_id > c.journal_id OR c.pending @> l.refund_id OFFSET 0
    ) l
    WHERE (SELECT count(*) FROM mvm.journal j
        WHERE j.id = l.refund_id AND j.kind = 'r' AND j.reference_id = l.transaction_id) = 0
    UNION ALL
    -- The holds that were made or ended since. The row that made one may be older.
    SELECT 'hold_equals_journal', format('hold %s', j.reference_id),
        max(j.paid_minor) FILTER (WHERE j.kind <> 'p'), max(h.paid_minor)
    FROM later j
    LEFT JOIN LATERAL (SELECT * FROM mvm.hold h WHERE h.id = j.reference_id OFFSET 0) h ON true
    WHERE j.kind IN ('h', 'u') OR j.kind = 'p' AND j.reference_id IS NOT NULL
    GROUP BY j.reference_id, h.state
    HAVING count(*) FILTER (WHERE j.kind = 'h') > 1
        OR count(*) FILTER (WHERE j.kind = 'u') <> CASE h.state WHEN 'a' THEN 0 ELSE 1 END
        OR count(*) FILTER (WHERE j.kind = 'p') <> CASE h.state WHEN 'c' THEN 1 ELSE 0 END
        OR bool_or(CASE j.kind
            WHEN 'p' THEN
                (j.user_id, j.counterparty_id, j.item_id, j.quantity, j.received_minor::numeric + COALESCE(j.fee_minor, 0),
                    j.from_universe_id, j.to_universe_id, j.from_rate, j.to_rate)
                IS DISTINCT FROM
                (h.buyer_id, h.seller_id, h.item_id, h.captured_quantity, h.captured_quantity::numeric * h.price_minor,
                    h.from_universe_id, h.to_universe_id, h.from_rate, h.to_rate)
            ELSE
                (j.user_id, j.item_id, j.quantity, j.paid_minor, j.from_universe_id, j.from_rate)
                IS DISTINCT FROM
                (h.buyer_id, h.item_id, h.quantity, h.paid_minor, h.from_universe_id, h.from_rate)
        END)
    UNION ALL
    SELECT 'quote_equals_exchange', format('quote %s', j.reference_id), j.received_minor, q.received_minor
    FROM later j
    LEFT JOIN LATERAL (
        SELECT * FROM mvm.quote q WHERE q.id = j.reference_id AND q.transaction_id = j.id OFFSET 0
    ) q ON true
    WHERE j.kind = 'x' AND j.reference_id IS NOT NULL
      AND (j.user_id, j.paid_minor, j.received_minor, COALESCE(j.fee_minor, 0), j.from_universe_id, j.to_universe_id,
            j.from_rate, j.to_rate)
        IS DISTINCT FROM
        (q.user_id, q.paid_minor, q.received_minor, q.fee_minor, q.from_universe_id, q.to_universe_id,
            q.from_rate, q.to_rate)
    UNION ALL
    SELECT 'frozen_rate_in_history', format('%s %s universe %s', d.name, d.id, r.universe_id), NULL, r.exchange_rate
    FROM (
        SELECT DISTINCT CASE kind WHEN 'x' THEN 'quote' ELSE 'hold' END AS name, reference_id AS id
        FROM later WHERE kind IN ('x', 'h', 'u') AND reference_id IS NOT NULL
    ) d
    CROSS JOIN LATERAL (
        SELECT q.from_universe_id, q.to_universe_id, q.from_rate, q.to_rate
        FROM mvm.quote q WHERE d.name = 'quote' AND q.id = d.id
        UNION ALL
        SELECT h.from_universe_id, h.to_universe_id, h.from_rate, h.to_rate
        FROM mvm.hold h WHERE d.name = 'hold' AND h.id = d.id
        OFFSET 0
    ) f
    CROSS JOIN LATERAL (VALUES
        (f.from_universe_id, f.from_rate), (f.to_universe_id, f.to_rate)
    ) AS r (universe_id, exchange_rate)
    WHERE NOT EXISTS (
        SELECT FROM mvm.exchange_rate_change c
        WHERE c.universe_id = r.universe_id AND c.exchange_rate = r.exchange_rate)
    UNION ALL
    SELECT 'rate_equals_history', format('universe %s', COALESCE(u.id, h.universe_id)), h.exchange_rate, u.exchange_rate
    FROM mvm.universe u
    FULL JOIN (
        SELECT DISTINCT ON (universe_id) universe_id, exchange_rate
        FROM mvm.exchange_rate_change ORDER BY universe_id, valid_from DESC, id DESC
    ) h ON h.universe_id = u.id
    WHERE h.exchange_rate IS DISTINCT FROM u.exchange_rate
    UNION ALL
    SELECT 'journal_names_known_rows', format('transaction %s', j.id), NULL, NULL
    FROM later j
    WHERE NOT EXISTS (SELECT FROM mvm.universe u WHERE u.id = j.from_universe_id)
       OR NOT EXISTS (SELECT FROM mvm.universe u WHERE u.id = j.to_universe_id)
       OR j.user_id IS NOT NULL AND NOT EXISTS (SELECT FROM mvm.user_account a WHERE a.id = j.user_id)
       OR j.counterparty_id IS NOT NULL AND NOT EXISTS (SELECT FROM mvm.user_account a WHERE a.id = j.counterparty_id)
       OR j.item_id IS NOT NULL AND NOT EXISTS (SELECT FROM mvm.item i WHERE i.id = j.item_id)
    UNION ALL
    -- Keys of later rows that answer with something else.
    SELECT 'idempotency_key_has_answer', format('user %s key %s', k.user_id, k.key), NULL, k.transaction_id
    FROM later n
    CROSS JOIN LATERAL (
        SELECT * FROM mvm.idempotency_key k
        WHERE k.user_id = COALESCE(n.user_id, 0) AND k.key = n.idempotency_key OFFSET 0
    ) k
    WHERE n.idempotency_key IS NOT NULL AND k.refusal IS NULL AND k.transaction_id IS DISTINCT FROM n.id
      AND (SELECT count(*) FROM mvm.journal j
        WHERE j.id = k.transaction_id AND COALESCE(j.user_id, 0) = k.user_id AND j.idempotency_key = k.key) = 0
    UNION ALL
    SELECT 'sequence_is_ahead', s.name, s.highest, s.reached
    FROM (
        SELECT 'mvm.universe_id_seq' AS name, (SELECT max(id) FROM mvm.universe) AS highest,
            (SELECT last_value FROM mvm.universe_id_seq) AS reached
        UNION ALL
        SELECT 'mvm.user_account_id_seq', (SELECT max(id) FROM mvm.user_account),
            (SELECT last_value FROM mvm.user_account_id_seq)
        UNION ALL
        SELECT 'mvm.item_id_seq', (SELECT max(id) FROM mvm.item),
            (SELECT last_value FROM mvm.item_id_seq)
        UNION ALL
        SELECT 'mvm.journal_id_seq', (SELECT max(id) FROM mvm.journal),
            (SELECT last_value FROM mvm.journal_id_seq)
    ) s
    WHERE s.reached < s.highest
$$;
COMMENT ON FUNCTION mvm.violations_since_checkpoint() IS
    'What mvm_audit(since) answers: the checks of mvm_audit() on the rows that the checkpoint did not know';

CREATE FUNCTION mvm.write_audit_checkpoint(anew boolean)
    RETURNS TABLE (checkpoint_id bigint, violations bigint)
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
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
        RETURNING c.id
    ), wallets AS (
        INSERT INTO mvm.audit_wallet AS a (user_id, universe_id, balance_minor)
        SELECT COALESCE(w.user_id, k.user_id), COALESCE(w.universe_id, k.universe_id), COALESCE(w.balance_minor, 0)
        FROM mvm.wallet w
        FULL JOIN mvm.audit_wallet k ON k.user_id = w.user_id AND k.universe_id = w.universe_id
        WHERE (SELECT v.count = 0 FROM violation v) AND COALESCE(w.balance_minor, 0) IS DISTINCT FROM k.balance_minor
        ON CONFLICT (user_id, universe_id) DO UPDATE SET balance_minor = EXCLUDED.balance_minor
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
    )
    SELECT COALESCE((SELECT w.id FROM written w), p.id), v.count
    FROM previous p, violation v
$$;
COMMENT ON FUNCTION mvm.write_audit_checkpoint(boolean) IS
    'What mvm_audit_checkpoint() does once it is the only one to';

CREATE FUNCTION @extschema@.mvm_audit(since bigint)
    RETURNS TABLE (check_name text, subject text, expected numeric, actual numeric)
    LANGUAGE c STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'mvm_audit_since';
COMMENT ON FUNCTION @extschema@.mvm_audit(bigint) IS
    'As mvm_audit(), for what came after the checkpoint since, the latest: all wallets and stocks against the checkpoint and the journal rows after it, and the checks of each of these. Damage to older journal rows is for mvm_audit() to see. MV203';

CREATE FUNCTION @extschema@.mvm_audit_checkpoint(anew boolean DEFAULT false)
    RETURNS TABLE (checkpoint_id bigint, violations bigint)
    LANGUAGE c VOLATILE SECURITY DEFINER ROWS 1 SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'mvm_audit_checkpoint';
COMMENT ON FUNCTION @extschema@.mvm_audit_checkpoint(boolean) IS
    'Audits the market, since the latest checkpoint or, the first time and with anew, all of it, and when it is clean makes a checkpoint, for mvm_audit(since). Answers the latest checkpoint and how many violations kept it from making one';

REVOKE ALL ON FUNCTION
    mvm.next_transaction_id(),
    mvm.violations_since_checkpoint(),
    mvm.write_audit_checkpoint(boolean),
    @extschema@.mvm_audit(bigint),
    @extschema@.mvm_audit_checkpoint(boolean)
FROM PUBLIC;
