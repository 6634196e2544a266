-- What tables and views call.

CREATE FUNCTION mvm.refuse_change() RETURNS trigger
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'mvm_refuse_change';
COMMENT ON FUNCTION mvm.refuse_change() IS
    'Trigger: refuses the statement. Keeps the journal append-only and the rows it names in place';

CREATE FUNCTION mvm.record_exchange_rate() RETURNS trigger
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'mvm_record_exchange_rate';
COMMENT ON FUNCTION mvm.record_exchange_rate() IS
    'Trigger: writes the exchange rate of a universe that was inserted, or given another rate, to mvm.exchange_rate_change';

CREATE FUNCTION mvm.amount(amount_minor bigint, currency_scale integer) RETURNS numeric
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mvm_amount';
COMMENT ON FUNCTION mvm.amount(bigint, integer) IS
    'Minor units as a numeric amount with currency_scale (0 to 9) decimals: mvm.amount(1234, 2) is 12.34';
