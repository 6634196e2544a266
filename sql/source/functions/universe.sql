-- Universes and their rules.

-- Privilege set: gateway
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

-- Privilege set: gateway
CREATE FUNCTION @extschema@.mvm_set_exchange_rate(universe_id integer, exchange_rate numeric) RETURNS mvm.universes
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_set_exchange_rate';
COMMENT ON FUNCTION @extschema@.mvm_set_exchange_rate(integer, numeric) IS
    'Changes a universe''s exchange rate; past transactions keep the rates they used. MV003, MV203';

-- Privilege set: gateway
CREATE FUNCTION @extschema@.mvm_set_rules(
    universe_id integer,
    trade_open boolean DEFAULT NULL,
    exchange_open boolean DEFAULT NULL,
    sale_fee_rate numeric DEFAULT NULL,
    exchange_fee_rate numeric DEFAULT NULL,
    min_amount numeric DEFAULT NULL,
    max_amount numeric DEFAULT NULL,
    max_quantity bigint DEFAULT NULL,
    max_hold_ttl interval DEFAULT NULL,
    max_quote_ttl interval DEFAULT NULL,
    max_open_holds bigint DEFAULT NULL,
    max_open_quotes bigint DEFAULT NULL
) RETURNS mvm.universes
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_set_rules';
COMMENT ON FUNCTION @extschema@.mvm_set_rules(integer, boolean, boolean, numeric, numeric, numeric, numeric, bigint,
        interval, interval, bigint, bigint) IS
    'Changes a universe''s trading rules; what is null stays. Fee rates are 0 or above and below 1, and a fee is rounded up; min_amount 0, max_amount ''Infinity'' and max_quantity 9223372036854775807 take a bound away. max_hold_ttl and max_quote_ttl, above zero and at most 366 days, are the longest that a hold on its items and a quote into it may live; max_open_holds and max_open_quotes, 0 or more, are how many of them one user may have open. Noted in mvm.rule_changes. MV003, MV201, MV202, MV203, MV204';

-- Privilege set: gateway
CREATE FUNCTION @extschema@.mvm_set_route(
    from_universe_id integer,
    to_universe_id integer,
    allowed boolean DEFAULT true,
    tariff_rate numeric DEFAULT 0
) RETURNS mvm.routes
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_set_route';
COMMENT ON FUNCTION @extschema@.mvm_set_route(integer, integer, boolean, numeric) IS
    'Sets the rules between two universes, for buyers and money of from_universe_id and items and currency of to_universe_id: whether it is allowed, and the import tariff on purchases, 0 or above and below 100, which is rounded up. Noted in mvm.rule_changes. MV003, MV203';
