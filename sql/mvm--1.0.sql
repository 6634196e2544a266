-- mvm 1.0: the market's tables, views and functions.
--
-- Storage is in schema mvm: singular tables hold integers in minor units, plural
-- views show numeric amounts. Functions (mvm_*) live in the schema that
-- CREATE EXTENSION names, public unless told otherwise.

\echo Use "CREATE EXTENSION mvm" to load this file. \quit

-- Operators, functions and types of this script are those of pg_catalog, whatever stands in the schema of CREATE EXTENSION.
SET LOCAL search_path = pg_catalog, pg_temp;

CREATE SCHEMA mvm;
COMMENT ON SCHEMA mvm IS
    'Multiverse Market: tables in minor units (singular names), views with numeric amounts (plural names)';

-- ---------------------------------------------------------------------------
-- Guards: what nobody changes, not even the tables' owner
-- ---------------------------------------------------------------------------

CREATE FUNCTION mvm.refuse_change() RETURNS trigger
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'mvm_refuse_change';
COMMENT ON FUNCTION mvm.refuse_change() IS
    'Trigger: refuses the statement. Keeps the journal append-only and the rows it names in place';

-- ---------------------------------------------------------------------------
-- Amounts
-- ---------------------------------------------------------------------------

CREATE FUNCTION mvm.amount(amount_minor bigint, currency_scale integer) RETURNS numeric
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mvm_amount';
COMMENT ON FUNCTION mvm.amount(bigint, integer) IS
    'Minor units as a numeric amount with currency_scale (0 to 9) decimals: mvm.amount(1234, 2) is 12.34';

-- ---------------------------------------------------------------------------
-- Storage tables
-- ---------------------------------------------------------------------------

CREATE SEQUENCE mvm.universe_id_seq AS integer;

CREATE TABLE mvm.universe (
    id integer NOT NULL DEFAULT pg_catalog.nextval('mvm.universe_id_seq'),
    currency_scale smallint NOT NULL DEFAULT 2,
    version bigint NOT NULL DEFAULT 1,
    exchange_rate numeric NOT NULL,
    name text COLLATE "C" NOT NULL,
    currency_type text NOT NULL,
    CONSTRAINT universe_pkey PRIMARY KEY (id),
    CONSTRAINT universe_name_key UNIQUE (name),
    CONSTRAINT universe_id_positive CHECK (id > 0),
    CONSTRAINT universe_name_length CHECK (pg_catalog.char_length(name) BETWEEN 1 AND 255),
    CONSTRAINT universe_currency_type_length CHECK (pg_catalog.char_length(currency_type) BETWEEN 1 AND 32),
    CONSTRAINT universe_currency_scale_range CHECK (currency_scale BETWEEN 0 AND 9),
    -- At most 18 decimals and 18 significant digits, so that a rate is a 64-bit
    -- integer and a power of ten, and conversion is exact in 128 bits.
    CONSTRAINT universe_exchange_rate_range CHECK (
        exchange_rate > 0
        AND exchange_rate < 1e18
        AND pg_catalog.scale(pg_catalog.trim_scale(exchange_rate)) <= 18
        AND pg_catalog.trim_scale(exchange_rate)
            * pg_catalog.power(10::numeric, pg_catalog.scale(pg_catalog.trim_scale(exchange_rate))::numeric) < 1e18
    )
);
ALTER SEQUENCE mvm.universe_id_seq OWNED BY mvm.universe.id;
COMMENT ON TABLE mvm.universe IS 'A universe: its currency and exchange rate';
COMMENT ON COLUMN mvm.universe.currency_scale IS 'Decimals of the currency, 0 to 9; never changes';
COMMENT ON COLUMN mvm.universe.exchange_rate IS 'Units of this currency per one unit of the reference currency';
COMMENT ON COLUMN mvm.universe.version IS 'Goes up by one in every update of the row';

CREATE SEQUENCE mvm.user_account_id_seq AS bigint;

CREATE TABLE mvm.user_account (
    id bigint NOT NULL DEFAULT pg_catalog.nextval('mvm.user_account_id_seq'),
    version bigint NOT NULL DEFAULT 1,
    universe_id integer NOT NULL,
    username text COLLATE "C" NOT NULL,
    CONSTRAINT user_account_pkey PRIMARY KEY (id),
    CONSTRAINT user_account_username_key UNIQUE (username),
    CONSTRAINT user_account_universe_id_fkey FOREIGN KEY (universe_id) REFERENCES mvm.universe (id),
    CONSTRAINT user_account_id_positive CHECK (id > 0),
    CONSTRAINT user_account_username_length CHECK (pg_catalog.char_length(username) BETWEEN 1 AND 255)
);
ALTER SEQUENCE mvm.user_account_id_seq OWNED BY mvm.user_account.id;
COMMENT ON TABLE mvm.user_account IS 'A user and the universe that is their home';
COMMENT ON COLUMN mvm.user_account.universe_id IS 'Home universe: purchases are paid from the wallet in its currency';
COMMENT ON COLUMN mvm.user_account.version IS 'Goes up by one in every update of the row';

-- Balances change in place: a fill factor below 100 and no index on a changing
-- column keep the updates heap-only.
CREATE TABLE mvm.wallet (
    user_id bigint NOT NULL,
    balance_minor bigint NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    universe_id integer NOT NULL,
    CONSTRAINT wallet_pkey PRIMARY KEY (user_id, universe_id),
    CONSTRAINT wallet_user_id_fkey FOREIGN KEY (user_id) REFERENCES mvm.user_account (id),
    CONSTRAINT wallet_universe_id_fkey FOREIGN KEY (universe_id) REFERENCES mvm.universe (id),
    CONSTRAINT wallet_balance_not_negative CHECK (balance_minor >= 0)
) WITH (fillfactor = 80);
COMMENT ON TABLE mvm.wallet IS 'What a user holds in one currency; created when first credited';
COMMENT ON COLUMN mvm.wallet.balance_minor IS 'Balance in minor units of the universe''s currency, never negative';
COMMENT ON COLUMN mvm.wallet.version IS 'Goes up by one in every update of the row';

CREATE SEQUENCE mvm.item_id_seq AS bigint;

CREATE TABLE mvm.item (
    id bigint NOT NULL DEFAULT pg_catalog.nextval('mvm.item_id_seq'),
    seller_id bigint,
    price_minor bigint NOT NULL,
    stock bigint NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    universe_id integer NOT NULL,
    name text NOT NULL,
    CONSTRAINT item_pkey PRIMARY KEY (id),
    CONSTRAINT item_universe_id_fkey FOREIGN KEY (universe_id) REFERENCES mvm.universe (id),
    CONSTRAINT item_seller_id_fkey FOREIGN KEY (seller_id) REFERENCES mvm.user_account (id),
    CONSTRAINT item_id_positive CHECK (id > 0),
    CONSTRAINT item_name_length CHECK (pg_catalog.char_length(name) BETWEEN 1 AND 255),
    CONSTRAINT item_price_positive CHECK (price_minor > 0),
    CONSTRAINT item_stock_not_negative CHECK (stock >= 0)
) WITH (fillfactor = 80);
ALTER SEQUENCE mvm.item_id_seq OWNED BY mvm.item.id;
CREATE INDEX item_universe_id_idx ON mvm.item (universe_id, id);
COMMENT ON TABLE mvm.item IS 'An item for sale, priced in the currency of its universe';
COMMENT ON COLUMN mvm.item.seller_id IS 'Who sells and is paid; null: the treasury of the item''s universe';
COMMENT ON COLUMN mvm.item.price_minor IS 'Price of one piece in minor units of the universe''s currency';
COMMENT ON COLUMN mvm.item.stock IS 'Pieces left, never negative';
COMMENT ON COLUMN mvm.item.version IS 'Goes up by one in every update of the row';

CREATE SEQUENCE mvm.journal_id_seq AS bigint;

-- One row per business event. No foreign keys: each would lock a row of every
-- universe and user an event names, and so make them hot; the rows the journal
-- names cannot be deleted instead, and mvm_audit() checks that all are there.
CREATE TABLE mvm.journal (
    id bigint NOT NULL DEFAULT pg_catalog.nextval('mvm.journal_id_seq'),
    transaction_time timestamptz NOT NULL,
    user_id bigint,
    counterparty_id bigint,
    item_id bigint,
    quantity bigint,
    paid_minor bigint,
    received_minor bigint,
    from_universe_id integer NOT NULL,
    to_universe_id integer NOT NULL,
    kind "char" NOT NULL,
    from_rate numeric,
    to_rate numeric,
    idempotency_key text COLLATE "C",
    CONSTRAINT journal_pkey PRIMARY KEY (id),
    -- A CHECK passes when it is null, so what is missing must count as false.
    -- IS TRUE: a check that is null would pass.
    CONSTRAINT journal_kind_complete CHECK (
        CASE kind
            WHEN 'd' THEN user_id IS NOT NULL AND from_universe_id = to_universe_id AND paid_minor = received_minor
            WHEN 'w' THEN user_id IS NOT NULL AND from_universe_id = to_universe_id AND paid_minor = received_minor
            WHEN 'x' THEN user_id IS NOT NULL AND from_universe_id <> to_universe_id
            WHEN 'p' THEN user_id IS NOT NULL AND item_id IS NOT NULL AND quantity > 0
                AND (from_universe_id <> to_universe_id OR paid_minor = received_minor)
            WHEN 'l' THEN item_id IS NOT NULL AND quantity >= 0
        END IS TRUE),
    CONSTRAINT journal_money_positive CHECK (
        CASE kind
            WHEN 'l' THEN paid_minor IS NULL AND received_minor IS NULL
            ELSE paid_minor > 0 AND received_minor > 0 AND from_rate > 0 AND to_rate > 0
        END IS TRUE)
);
ALTER SEQUENCE mvm.journal_id_seq OWNED BY mvm.journal.id;
CREATE INDEX journal_user_id_idx ON mvm.journal (user_id, id);
CREATE INDEX journal_counterparty_id_idx ON mvm.journal (counterparty_id, id) WHERE counterparty_id IS NOT NULL;
COMMENT ON TABLE mvm.journal IS
    'Append-only record, one row per business event, written in the transaction that moves the balances. Events that touch one wallet or item have ids and times in the order in which they took effect';
COMMENT ON COLUMN mvm.journal.transaction_time IS 'When it took effect: read from the clock after the rows were locked';
COMMENT ON COLUMN mvm.journal.user_id IS 'Who acted: buyer, exchanger, depositor, withdrawer; the seller of a listing (null: treasury)';
COMMENT ON COLUMN mvm.journal.counterparty_id IS 'Seller of a purchase; null: the treasury of to_universe_id';
COMMENT ON COLUMN mvm.journal.quantity IS 'Pieces bought or listed';
COMMENT ON COLUMN mvm.journal.paid_minor IS 'Taken from the payer, minor units of from_universe_id''s currency';
COMMENT ON COLUMN mvm.journal.received_minor IS 'Given to the receiver, minor units of to_universe_id''s currency';
COMMENT ON COLUMN mvm.journal.kind IS 'd deposit, w withdrawal, x exchange, p purchase, l listing';
COMMENT ON COLUMN mvm.journal.from_rate IS 'Exchange rate of from_universe_id that was used';
COMMENT ON COLUMN mvm.journal.to_rate IS 'Exchange rate of to_universe_id that was used';
COMMENT ON COLUMN mvm.journal.idempotency_key IS 'Key the caller gave, if any';

CREATE TABLE mvm.idempotency_key (
    user_id bigint NOT NULL,
    transaction_id bigint,
    created_at timestamptz NOT NULL,
    key text COLLATE "C" NOT NULL,
    request text NOT NULL,
    refusal text,
    refusal_detail text,
    CONSTRAINT idempotency_key_pkey PRIMARY KEY (user_id, key),
    CONSTRAINT idempotency_key_length CHECK (pg_catalog.char_length(key) BETWEEN 1 AND 255)
) WITH (fillfactor = 80);
CREATE INDEX idempotency_key_created_at_idx ON mvm.idempotency_key USING brin (created_at) WITH (autosummarize = on);
COMMENT ON TABLE mvm.idempotency_key IS
    'Keys that callers gave with a write, committed with it; purged by mvm_purge_idempotency_keys()';
COMMENT ON COLUMN mvm.idempotency_key.transaction_id IS 'Journal row that answers the key; null when the answer is a refusal';
COMMENT ON COLUMN mvm.idempotency_key.refusal IS 'Code of the error that answers the key: an order of a batch that was refused';
COMMENT ON COLUMN mvm.idempotency_key.refusal_detail IS 'The numbers of that refusal';
COMMENT ON COLUMN mvm.idempotency_key.request IS 'The request in canonical form: the same key with another request is refused';

CREATE TRIGGER universe_rows_stay BEFORE DELETE OR TRUNCATE ON mvm.universe
    FOR EACH STATEMENT EXECUTE FUNCTION mvm.refuse_change();
CREATE TRIGGER universe_currency_scale_stays BEFORE UPDATE OF currency_scale ON mvm.universe
    FOR EACH STATEMENT EXECUTE FUNCTION mvm.refuse_change();
CREATE TRIGGER user_account_rows_stay BEFORE DELETE OR TRUNCATE ON mvm.user_account
    FOR EACH STATEMENT EXECUTE FUNCTION mvm.refuse_change();
CREATE TRIGGER wallet_rows_stay BEFORE DELETE OR TRUNCATE ON mvm.wallet
    FOR EACH STATEMENT EXECUTE FUNCTION mvm.refuse_change();
CREATE TRIGGER item_rows_stay BEFORE DELETE OR TRUNCATE ON mvm.item
    FOR EACH STATEMENT EXECUTE FUNCTION mvm.refuse_change();
CREATE TRIGGER journal_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON mvm.journal
    FOR EACH STATEMENT EXECUTE FUNCTION mvm.refuse_change();

-- pg_dump carries the rows and the sequences of an extension only if told so.
SELECT pg_catalog.pg_extension_config_dump('mvm.universe', '');
SELECT pg_catalog.pg_extension_config_dump('mvm.universe_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('mvm.user_account', '');
SELECT pg_catalog.pg_extension_config_dump('mvm.user_account_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('mvm.wallet', '');
SELECT pg_catalog.pg_extension_config_dump('mvm.item', '');
SELECT pg_catalog.pg_extension_config_dump('mvm.item_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('mvm.journal', '');
SELECT pg_catalog.pg_extension_config_dump('mvm.journal_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('mvm.idempotency_key', '');

-- ---------------------------------------------------------------------------
-- Views
-- ---------------------------------------------------------------------------

CREATE VIEW mvm.universes AS
SELECT
    u.id,
    u.name,
    u.currency_type,
    u.exchange_rate,
    u.currency_scale::integer AS currency_scale,
    u.version
FROM mvm.universe u;
COMMENT ON VIEW mvm.universes IS 'Universes with their currency and exchange rate';

CREATE VIEW mvm.users AS
SELECT
    a.id,
    a.username,
    a.universe_id,
    mvm.amount(COALESCE(w.balance_minor, 0), u.currency_scale) AS balance
FROM mvm.user_account a
JOIN mvm.universe u ON u.id = a.universe_id
LEFT JOIN mvm.wallet w ON w.user_id = a.id AND w.universe_id = a.universe_id;
COMMENT ON VIEW mvm.users IS 'Users; balance is that of the home wallet';

CREATE VIEW mvm.wallets AS
SELECT
    w.user_id,
    w.universe_id,
    mvm.amount(w.balance_minor, u.currency_scale) AS balance
FROM mvm.wallet w
JOIN mvm.universe u ON u.id = w.universe_id;
COMMENT ON VIEW mvm.wallets IS 'What each user holds in each currency';

CREATE VIEW mvm.items AS
SELECT
    i.id,
    i.name,
    i.universe_id,
    i.seller_id,
    mvm.amount(i.price_minor, u.currency_scale) AS price,
    i.stock
FROM mvm.item i
JOIN mvm.universe u ON u.id = i.universe_id;
COMMENT ON VIEW mvm.items IS 'Items for sale; price is in the currency of universe_id, seller_id null is its treasury';

CREATE VIEW mvm.transactions AS
SELECT
    j.id,
    CASE j.kind
        WHEN 'd' THEN 'deposit'
        WHEN 'w' THEN 'withdrawal'
        WHEN 'x' THEN 'exchange'
        WHEN 'p' THEN 'purchase'
        WHEN 'l' THEN 'listing'
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
    j.transaction_time
FROM mvm.journal j
JOIN mvm.universe f ON f.id = j.from_universe_id
JOIN mvm.universe t ON t.id = j.to_universe_id;
COMMENT ON VIEW mvm.transactions IS
    'Every journal row: amount is what was paid in from_universe_id''s currency, received_amount what was received in to_universe_id''s; a listing moves stock only';

CREATE VIEW mvm.trades AS
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
    j.idempotency_key
FROM mvm.journal j
JOIN mvm.universe f ON f.id = j.from_universe_id
JOIN mvm.universe t ON t.id = j.to_universe_id
WHERE j.kind = 'p';
COMMENT ON VIEW mvm.trades IS
    'Purchases: amount is what the buyer paid in from_universe_id''s currency, received_amount what the seller got in to_universe_id''s';

-- The legs of double entry, derived: a branch per kind of leg, so that a query
-- for one user or one transaction reaches the journal through its indexes.
CREATE VIEW mvm.leg AS
-- the payer
SELECT j.id AS transaction_id, 'wallet'::text AS account, j.user_id, j.from_universe_id AS universe_id,
    -j.paid_minor AS amount_minor, j.transaction_time
FROM mvm.journal j WHERE j.kind IN ('w', 'x', 'p')
UNION ALL
SELECT j.id, 'outside', NULL::bigint, j.from_universe_id, -j.paid_minor, j.transaction_time
FROM mvm.journal j WHERE j.kind = 'd'
UNION ALL
-- the receiver
SELECT j.id, 'wallet', j.user_id, j.to_universe_id, j.received_minor, j.transaction_time
FROM mvm.journal j WHERE j.kind IN ('d', 'x')
UNION ALL
SELECT j.id, 'wallet', j.counterparty_id, j.to_universe_id, j.received_minor, j.transaction_time
FROM mvm.journal j WHERE j.kind = 'p' AND j.counterparty_id IS NOT NULL
UNION ALL
SELECT j.id, 'treasury', NULL::bigint, j.to_universe_id, j.received_minor, j.transaction_time
FROM mvm.journal j WHERE j.kind = 'p' AND j.counterparty_id IS NULL
UNION ALL
SELECT j.id, 'outside', NULL::bigint, j.to_universe_id, j.received_minor, j.transaction_time
FROM mvm.journal j WHERE j.kind = 'w'
UNION ALL
-- the house's currency desk, between two currencies
SELECT j.id, 'fx', NULL::bigint, j.from_universe_id, j.paid_minor, j.transaction_time
FROM mvm.journal j WHERE j.kind IN ('x', 'p') AND j.from_universe_id <> j.to_universe_id
UNION ALL
SELECT j.id, 'fx', NULL::bigint, j.to_universe_id, -j.received_minor, j.transaction_time
FROM mvm.journal j WHERE j.kind IN ('x', 'p') AND j.from_universe_id <> j.to_universe_id;
COMMENT ON VIEW mvm.leg IS
    'Legs of every journal row in minor units; per transaction and currency they sum to zero';

CREATE VIEW mvm.ledger AS
SELECT
    l.transaction_id,
    l.account,
    l.user_id,
    l.universe_id,
    mvm.amount(l.amount_minor, u.currency_scale) AS amount,
    l.transaction_time
FROM mvm.leg l
JOIN mvm.universe u ON u.id = l.universe_id;
COMMENT ON VIEW mvm.ledger IS
    'Double entry: the legs of every transaction. account is wallet (of user_id) or one of the house accounts fx, treasury, outside of universe_id';

CREATE TYPE mvm.exchange_result AS (
    converted_amount numeric,
    from_universe_id integer,
    to_universe_id integer,
    exchange_rate numeric,
    amount numeric,
    transaction_id bigint,
    user_id bigint,
    transaction_time timestamptz
);
COMMENT ON TYPE mvm.exchange_result IS
    'Answer of mvm_exchange(): amount was debited in from_universe_id''s currency, converted_amount credited in to_universe_id''s';

-- ---------------------------------------------------------------------------
-- Functions. No function is STRICT: a null where a value is needed is refused
-- as MV203, never answered with a silent null. Those in C that run no SQL text
-- look nothing up by an unqualified name, and set no search_path: setting and
-- resetting it takes a tenth of a purchase's time.
-- ---------------------------------------------------------------------------

CREATE FUNCTION @extschema@.mvm_version() RETURNS text
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mvm_version';
COMMENT ON FUNCTION @extschema@.mvm_version() IS 'Version of the loaded library';

CREATE FUNCTION @extschema@.mvm_create_universe(
    name text,
    currency_type text,
    exchange_rate numeric,
    currency_scale integer DEFAULT 2
) RETURNS mvm.universes
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_create_universe';
COMMENT ON FUNCTION @extschema@.mvm_create_universe(text, text, numeric, integer) IS
    'Creates a universe. exchange_rate: units of its currency per reference unit, above 0, at most 18 digits; currency_scale: decimals, 0 to 9. MV203 for a bad argument, MV205 for a name in use';

CREATE FUNCTION @extschema@.mvm_set_exchange_rate(universe_id integer, exchange_rate numeric) RETURNS mvm.universes
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_set_exchange_rate';
COMMENT ON FUNCTION @extschema@.mvm_set_exchange_rate(integer, numeric) IS
    'Changes a universe''s exchange rate; past transactions keep the rates they used. MV003, MV203';

CREATE FUNCTION @extschema@.mvm_create_user(username text, universe_id integer, balance numeric DEFAULT 0)
    RETURNS mvm.users
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_create_user';
COMMENT ON FUNCTION @extschema@.mvm_create_user(text, integer, numeric) IS
    'Creates a user at home in universe_id; an opening balance is journalled as a deposit. MV003, MV201, MV203, MV204, MV205';

CREATE FUNCTION @extschema@.mvm_list_item(
    seller_id bigint,
    name text,
    price numeric,
    stock bigint,
    universe_id integer DEFAULT NULL
) RETURNS mvm.items
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_list_item';
COMMENT ON FUNCTION @extschema@.mvm_list_item(bigint, text, numeric, bigint, integer) IS
    'Puts an item up for sale in universe_id, the seller''s home unless told; seller_id null with a universe: its treasury sells. The stock is journalled. MV001, MV003, MV201, MV202, MV203, MV204';

CREATE FUNCTION @extschema@.mvm_deposit(
    user_id bigint,
    amount numeric,
    universe_id integer DEFAULT NULL,
    idempotency_key text DEFAULT NULL
) RETURNS mvm.transactions
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_deposit';
COMMENT ON FUNCTION @extschema@.mvm_deposit(bigint, numeric, integer, text) IS
    'Credits a user''s wallet from outside the market, in universe_id''s currency (home unless told). MV001, MV003, MV201, MV203, MV204, MV401';

CREATE FUNCTION @extschema@.mvm_withdraw(
    user_id bigint,
    amount numeric,
    universe_id integer DEFAULT NULL,
    idempotency_key text DEFAULT NULL
) RETURNS mvm.transactions
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_withdraw';
COMMENT ON FUNCTION @extschema@.mvm_withdraw(bigint, numeric, integer, text) IS
    'Debits a user''s wallet to outside the market, in universe_id''s currency (home unless told). MV001, MV003, MV101, MV201, MV203, MV204, MV401';

CREATE FUNCTION @extschema@.mvm_convert(amount numeric, from_universe_id integer, to_universe_id integer)
    RETURNS numeric
    LANGUAGE c STABLE
    AS 'MODULE_PATHNAME', 'mvm_convert';
COMMENT ON FUNCTION @extschema@.mvm_convert(numeric, integer, integer) IS
    'What an exchange of amount would credit now: amount * rate of to / rate of from, rounded down. MV003, MV103, MV201, MV203, MV204';

CREATE FUNCTION @extschema@.mvm_exchange(
    user_id bigint,
    amount numeric,
    from_universe_id integer,
    to_universe_id integer,
    idempotency_key text DEFAULT NULL
) RETURNS mvm.exchange_result
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_exchange';
COMMENT ON FUNCTION @extschema@.mvm_exchange(bigint, numeric, integer, integer, text) IS
    'Moves a user''s money from one currency to another at the current rates, rounding the credit down. The same idempotency_key and request returns the first answer. MV001, MV003, MV101, MV103, MV201, MV203, MV204, MV401';

CREATE FUNCTION @extschema@.mvm_buy(
    buyer_id bigint,
    item_id bigint,
    quantity bigint DEFAULT 1,
    idempotency_key text DEFAULT NULL
) RETURNS mvm.trades
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_buy';
COMMENT ON FUNCTION @extschema@.mvm_buy(bigint, bigint, bigint, text) IS
    'Buys quantity pieces of an item from the buyer''s home wallet, converting (rounded up) when it is priced in another currency; stock, both wallets and the journal move together. The same idempotency_key and request returns the first answer. MV001, MV002, MV101, MV102, MV104, MV202, MV203, MV204, MV401';

CREATE FUNCTION @extschema@.mvm_buy_batch(
    buyer_ids bigint[],
    item_ids bigint[],
    quantities bigint[],
    idempotency_keys text[] DEFAULT NULL
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
    transaction_time timestamptz
)
    LANGUAGE c VOLATILE ROWS 1000
    AS 'MODULE_PATHNAME', 'mvm_buy_batch';
COMMENT ON FUNCTION @extschema@.mvm_buy_batch(bigint[], bigint[], bigint[], text[]) IS
    'Many purchases as if they ran one by one in the given order: a row per order with its own outcome, ''ok'' or an error''s code. A refused order changes nothing and stops nothing; a refusal under an idempotency key is remembered. MV203 for arrays that are null, differ in length or hold more than 100000 orders';

CREATE FUNCTION @extschema@.mvm_exchange_batch(
    user_ids bigint[],
    amounts numeric[],
    from_universe_ids integer[],
    to_universe_ids integer[],
    idempotency_keys text[] DEFAULT NULL
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
    transaction_time timestamptz
)
    LANGUAGE c VOLATILE ROWS 1000
    AS 'MODULE_PATHNAME', 'mvm_exchange_batch';
COMMENT ON FUNCTION @extschema@.mvm_exchange_batch(bigint[], numeric[], integer[], integer[], text[]) IS
    'Many exchanges as if they ran one by one in the given order; otherwise as mvm_buy_batch()';

CREATE FUNCTION @extschema@.mvm_balance(user_id bigint, universe_id integer DEFAULT NULL) RETURNS numeric
    LANGUAGE c STABLE
    AS 'MODULE_PATHNAME', 'mvm_balance';
COMMENT ON FUNCTION @extschema@.mvm_balance(bigint, integer) IS
    'Balance of a user''s wallet in universe_id, home unless told; 0 where there is no wallet yet. MV001, MV003, MV203';

CREATE FUNCTION @extschema@.mvm_trades(user_id bigint, max_rows integer DEFAULT 100, before_id bigint DEFAULT NULL)
    RETURNS SETOF mvm.trades
    LANGUAGE c STABLE ROWS 100
    AS 'MODULE_PATHNAME', 'mvm_trades';
COMMENT ON FUNCTION @extschema@.mvm_trades(bigint, integer, bigint) IS
    'Trades of a user as buyer or seller, newest first: at most max_rows with ids below before_id. MV001, MV203';

CREATE FUNCTION @extschema@.mvm_purge_idempotency_keys(older_than interval DEFAULT interval '24 hours') RETURNS bigint
    LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'mvm_purge_idempotency_keys';
COMMENT ON FUNCTION @extschema@.mvm_purge_idempotency_keys(interval) IS
    'Forgets idempotency keys older than the given age and returns how many; a repeat under a forgotten key acts again. MV203 for a negative age';

CREATE FUNCTION @extschema@.mvm_audit() RETURNS TABLE (check_name text, subject text, expected numeric, actual numeric)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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
    SELECT 'transaction_sums_to_zero', format('transaction %s universe %s', transaction_id, universe_id),
        0, sum(amount_minor)
    FROM mvm.leg GROUP BY transaction_id, universe_id HAVING sum(amount_minor) <> 0
    UNION ALL
    SELECT 'stock_equals_movements', format('item %s', COALESCE(i.id, m.item_id)),
        COALESCE(m.moved, 0), COALESCE(i.stock, 0)
    FROM mvm.item i
    FULL JOIN (
        SELECT item_id, sum(CASE kind WHEN 'l' THEN quantity ELSE -quantity END) AS moved
        FROM mvm.journal WHERE kind IN ('l', 'p') GROUP BY item_id
    ) m ON m.item_id = i.id
    WHERE COALESCE(m.moved, 0) <> COALESCE(i.stock, 0)
    UNION ALL
    -- With rate = units per reference unit: paid / from_rate >= received / to_rate.
    SELECT 'conversion_favours_house', format('transaction %s', j.id),
        j.received_minor * j.from_rate * power(10::numeric, f.currency_scale::numeric),
        j.paid_minor * j.to_rate * power(10::numeric, t.currency_scale::numeric)
    FROM mvm.journal j
    JOIN mvm.universe f ON f.id = j.from_universe_id
    JOIN mvm.universe t ON t.id = j.to_universe_id
    WHERE j.from_universe_id <> j.to_universe_id
      AND j.paid_minor * j.to_rate * power(10::numeric, t.currency_scale::numeric)
        < j.received_minor * j.from_rate * power(10::numeric, f.currency_scale::numeric)
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
        WHERE j.id = k.transaction_id AND j.user_id = k.user_id AND j.idempotency_key = k.key)
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
    'A row per violation, none when the market is clean: wallets against the ledger, zero sums per transaction and currency, stock against its movements, conversions never below the rate, references, idempotency keys, sequences. Amounts in minor units';

CREATE FUNCTION @extschema@.mvm_seed() RETURNS void
    LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'mvm_seed';
COMMENT ON FUNCTION @extschema@.mvm_seed() IS
    'Loads the sample market (universes Earth, Mars, Venus, three users, three items) into an empty one. MV205 when it is not empty';

CREATE FUNCTION @extschema@.mvm_grant(role_name name, privilege_set text) RETURNS void
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'mvm_grant';
COMMENT ON FUNCTION @extschema@.mvm_grant(name, text) IS
    'Grants a role the set ''reader'' (views and reading functions), ''trader'' (reader, mvm_buy, mvm_exchange and their batches) or ''operator'' (trader, and everything else but this function). MV203 for an unknown role or set';

-- ---------------------------------------------------------------------------
-- Privileges: PUBLIC may only call what computes without reading or writing.
-- ---------------------------------------------------------------------------

REVOKE ALL ON FUNCTION
    mvm.refuse_change(),
    @extschema@.mvm_create_universe(text, text, numeric, integer),
    @extschema@.mvm_set_exchange_rate(integer, numeric),
    @extschema@.mvm_create_user(text, integer, numeric),
    @extschema@.mvm_list_item(bigint, text, numeric, bigint, integer),
    @extschema@.mvm_deposit(bigint, numeric, integer, text),
    @extschema@.mvm_withdraw(bigint, numeric, integer, text),
    @extschema@.mvm_convert(numeric, integer, integer),
    @extschema@.mvm_exchange(bigint, numeric, integer, integer, text),
    @extschema@.mvm_buy(bigint, bigint, bigint, text),
    @extschema@.mvm_buy_batch(bigint[], bigint[], bigint[], text[]),
    @extschema@.mvm_exchange_batch(bigint[], numeric[], integer[], integer[], text[]),
    @extschema@.mvm_balance(bigint, integer),
    @extschema@.mvm_trades(bigint, integer, bigint),
    @extschema@.mvm_purge_idempotency_keys(interval),
    @extschema@.mvm_audit(),
    @extschema@.mvm_seed(),
    @extschema@.mvm_grant(name, text)
FROM PUBLIC;
