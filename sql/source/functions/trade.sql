-- Purchases and exchanges.

-- Privilege set: reader
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

-- Privilege set: trader
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

-- Privilege set: trader
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

-- Privilege set: trader
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
    'Buys quantity pieces of an item from the buyer''s home wallet, converting (rounded up) when it is priced in another currency, with tariff on top and the sale fee from the seller''s proceeds; refused when it would cost more than max_amount. pay_from names the universes of the wallets to pay from instead: what is in the first is exchanged into the currency of the next, until one can pay the rest; max_amount then is in the last one''s currency. memo: a note of at most 255 characters, kept as given with the purchase, which both see, and with its exchanges. Stock, wallets and the journal move together. The same idempotency_key and request returns the first answer. Call it in FROM: (mvm_buy(1, 2)).* would buy once for each column of the answer. MV001, MV002, MV101, MV102, MV104, MV105, MV106, MV201, MV202, MV203, MV204, MV301, MV401';

-- Privilege set: trader
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

-- Privilege set: gateway
CREATE FUNCTION @extschema@.mvm_refund(
    transaction_id bigint,
    quantity bigint DEFAULT NULL,
    idempotency_key text DEFAULT NULL
) RETURNS mvm.transactions
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_refund';
COMMENT ON FUNCTION @extschema@.mvm_refund(bigint, bigint, text) IS
    'Undoes quantity pieces of a purchase, all that are left unless told, at its own amounts: the buyer gets back what was paid, the seller gives back what was received, fee and tariff go back pro rata, the stock returns. A key belongs to the buyer. MV004, MV101, MV107, MV202, MV203, MV204, MV401';
