-- Quotes and holds.

-- Privilege set: trader
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
    'Freezes what an exchange would credit now, for one user and amount, until ttl is over. The universe that credits says how long that may be and how many quotes a user may have open. MV001, MV003, MV103, MV201, MV203, MV204, MV301';

-- Privilege set: trader
CREATE FUNCTION @extschema@.mvm_accept_quote(quote_id bigint) RETURNS mvm.exchange_result
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_accept_quote';
COMMENT ON FUNCTION @extschema@.mvm_accept_quote(bigint) IS
    'Makes the exchange of a quote at its frozen rate and fee, once or not at all. MV005, MV101, MV108, MV203, MV204, MV301';

-- Privilege set: operator
CREATE FUNCTION @extschema@.mvm_purge_quotes(older_than interval DEFAULT interval '7 days') RETURNS bigint
    LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'mvm_purge_quotes';
COMMENT ON FUNCTION @extschema@.mvm_purge_quotes(interval) IS
    'Forgets quotes that nobody accepted and that expired longer ago than the given age, and returns how many; accepted ones stay. MV203 for an age below zero or above 1000 years';

-- Privilege set: trader
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
    'Sets stock and the buyer''s money aside for a purchase at the present price, rates, fee and tariff, until ttl is over. The item''s universe says how long that may be and how many holds a buyer may have open. MV001, MV002, MV101, MV102, MV104, MV105, MV201, MV202, MV203, MV204, MV301, MV401';

-- Privilege set: trader
CREATE FUNCTION @extschema@.mvm_capture(
    hold_id bigint,
    quantity bigint DEFAULT NULL,
    idempotency_key text DEFAULT NULL
) RETURNS mvm.trades
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_capture';
COMMENT ON FUNCTION @extschema@.mvm_capture(bigint, bigint, text) IS
    'Buys quantity of a hold''s pieces, all unless told, at its frozen terms, and releases the rest. A key belongs to the buyer. MV006, MV109, MV201, MV202, MV203, MV204, MV401';

-- Privilege set: trader
CREATE FUNCTION @extschema@.mvm_release(hold_id bigint) RETURNS mvm.holds
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_release';
COMMENT ON FUNCTION @extschema@.mvm_release(bigint) IS
    'Puts back what a hold set aside. MV006, MV109, MV203, MV204';

-- Privilege set: gateway
CREATE FUNCTION @extschema@.mvm_sweep_holds(max_rows integer DEFAULT 1000) RETURNS bigint
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_sweep_holds';
COMMENT ON FUNCTION @extschema@.mvm_sweep_holds(integer) IS
    'Releases holds past their time, at most max_rows, and returns how many it did. They count as released anyway; this writes it down. Waits for nobody: what is in use is left for another time. MV203';
