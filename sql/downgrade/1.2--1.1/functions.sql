-- ---------------------------------------------------------------------------
-- Functions of 1.1
-- ---------------------------------------------------------------------------

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

CREATE FUNCTION @extschema@.mvm_create_user(username text, universe_id integer, balance numeric DEFAULT 0)
    RETURNS mvm.users
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_create_user';
COMMENT ON FUNCTION @extschema@.mvm_create_user(text, integer, numeric) IS
    'Creates a user at home in universe_id; an opening balance is journalled as a deposit. MV003, MV201, MV203, MV204, MV205';

CREATE FUNCTION @extschema@.mvm_move_user(user_id bigint, universe_id integer) RETURNS mvm.users
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_move_user';
COMMENT ON FUNCTION @extschema@.mvm_move_user(bigint, integer) IS
    'Gives a user another home: purchases are then paid from the wallet in its currency. The other wallets stay theirs. MV001, MV003, MV203';

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

CREATE FUNCTION @extschema@.mvm_restock(item_id bigint, quantity bigint, idempotency_key text DEFAULT NULL)
    RETURNS mvm.transactions
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_restock';
COMMENT ON FUNCTION @extschema@.mvm_restock(bigint, bigint, text) IS
    'Adds pieces to an item''s stock, journalled. A key belongs to the seller. MV002, MV202, MV203, MV204, MV401';

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

CREATE FUNCTION @extschema@.mvm_trades(user_id bigint, max_rows integer DEFAULT 100, before_id bigint DEFAULT NULL)
    RETURNS SETOF mvm.trades
    LANGUAGE c STABLE ROWS 100
    AS 'MODULE_PATHNAME', 'mvm_trades';
COMMENT ON FUNCTION @extschema@.mvm_trades(bigint, integer, bigint) IS
    'Trades of a user as buyer or seller, newest first: at most max_rows with ids below before_id. MV001, MV203';

CREATE FUNCTION @extschema@.mvm_capture(
    hold_id bigint,
    quantity bigint DEFAULT NULL,
    idempotency_key text DEFAULT NULL
) RETURNS mvm.trades
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_capture';
COMMENT ON FUNCTION @extschema@.mvm_capture(bigint, bigint, text) IS
    'Buys quantity of a hold''s pieces, all unless told, at its frozen terms, and releases the rest. A key belongs to the buyer. MV006, MV109, MV202, MV203, MV204, MV401';

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
    @extschema@.mvm_create_universe(text, text, numeric, integer),
    @extschema@.mvm_set_exchange_rate(integer, numeric),
    @extschema@.mvm_set_rules(integer, boolean, boolean, numeric, numeric, numeric, numeric, bigint),
    @extschema@.mvm_create_user(text, integer, numeric),
    @extschema@.mvm_move_user(bigint, integer),
    @extschema@.mvm_list_item(bigint, text, numeric, bigint, integer),
    @extschema@.mvm_set_price(bigint, numeric),
    @extschema@.mvm_delist_item(bigint),
    @extschema@.mvm_relist_item(bigint),
    @extschema@.mvm_items(bigint, integer, bigint),
    @extschema@.mvm_deposit(bigint, numeric, integer, text),
    @extschema@.mvm_withdraw(bigint, numeric, integer, text),
    @extschema@.mvm_transfer(bigint, bigint, numeric, integer, text),
    @extschema@.mvm_refund(bigint, bigint, text),
    @extschema@.mvm_restock(bigint, bigint, text),
    @extschema@.mvm_exchange(bigint, numeric, integer, integer, text, numeric),
    @extschema@.mvm_exchange_batch(bigint[], numeric[], integer[], integer[], text[], numeric[]),
    @extschema@.mvm_buy(bigint, bigint, bigint, text, numeric, integer[]),
    @extschema@.mvm_buy_batch(bigint[], bigint[], bigint[], text[], numeric[]),
    @extschema@.mvm_trades(bigint, integer, bigint),
    @extschema@.mvm_capture(bigint, bigint, text),
    @extschema@.mvm_statement(bigint, integer, timestamptz, timestamptz, integer, bigint)
FROM PUBLIC;

COMMENT ON FUNCTION @extschema@.mvm_grant(name, text) IS
    'Grants a role the set ''reader'' (views and reading functions), ''trader'' (reader, mvm_buy, mvm_exchange and their batches) or ''operator'' (trader, and everything else but this function). MV203 for an unknown role or set';
COMMENT ON FUNCTION @extschema@.mvm_quote(bigint, numeric, integer, integer, interval) IS
    'Freezes what an exchange would credit now, for one user and amount, until ttl is over. MV001, MV003, MV103, MV201, MV203, MV204, MV301';
COMMENT ON FUNCTION @extschema@.mvm_reserve(bigint, bigint, bigint, interval, text) IS
    'Sets stock and the buyer''s money aside for a purchase at the present price, rates, fee and tariff, until ttl is over. MV001, MV002, MV101, MV102, MV104, MV105, MV202, MV203, MV204, MV301, MV401';
COMMENT ON FUNCTION @extschema@.mvm_set_route(integer, integer, boolean, numeric) IS
    'Sets the rules between two universes, for buyers and money of from_universe_id and items and currency of to_universe_id: whether it is allowed, and the import tariff on purchases, 0 or above and below 100. Noted in mvm.rule_changes. MV003, MV203';
COMMENT ON FUNCTION @extschema@.mvm_sweep_holds(integer) IS
    'Releases holds past their time, at most max_rows, and returns how many it did. They count as released anyway; this writes it down. MV203';
