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

-- For who reads the journal: views, checks and the audit have their text from the same table when they are made, by which
-- their plans reach indexes.
-- Privilege set: reader
CREATE FUNCTION mvm.journal_kind()
    RETURNS TABLE (kind "char", name text, paid_by_user integer, paid_by_treasury integer, paid_by_fees integer,
        received_by_user integer, received_by_counterparty integer, taken_by_house integer, stocked integer,
        held integer, outside integer)
    LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 12
    AS 'MODULE_PATHNAME', 'mvm_journal_kind';
COMMENT ON FUNCTION mvm.journal_kind() IS
    'The kinds of journal rows: letter, name, and of each leg 1 when it is credited, -1 debited, 0 when there is none. paid is in from_universe_id, received in to_universe_id (of no counterparty: the treasury''s); taken_by_house are fee and tariff, stocked the pieces in the item''s stock, held what is set aside in holds, outside where money comes from or goes to beyond the market';

-- Privilege set: everybody
CREATE FUNCTION mvm.amount(amount_minor bigint, currency_scale integer) RETURNS numeric
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mvm_amount';
COMMENT ON FUNCTION mvm.amount(bigint, integer) IS
    'Minor units as a numeric amount with currency_scale (0 to 9) decimals: mvm.amount(1234, 2) is 12.34';
