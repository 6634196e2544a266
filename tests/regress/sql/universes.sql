\set ECHO none
\getenv abs_srcdir PG_ABS_SRCDIR
\set prelude :abs_srcdir /prelude.sql
\i :prelude
\set ECHO all
-- Creating universes.
SELECT * FROM mvm_create_universe('Pluto', 'PLT', 0.1);
SELECT * FROM mvm_create_universe(name => 'Ceres', currency_type => 'CRS', exchange_rate => 7.77, currency_scale => 0);
SELECT * FROM mvm_create_universe('Vesta', 'VST', 123456789.123456789, 9);
-- Two universes may share a currency's name, not their own.
SELECT id, name, currency_type FROM mvm_create_universe('Second Earth', 'USD', 1);
SELECT id, name FROM mvm_create_universe('Земля', 'руб', 90);
SELECT length(name), octet_length(name) FROM mvm_create_universe(repeat('ж', 255), repeat('ж', 32), 1);

\pset format unaligned
SELECT c.call, o.* FROM (VALUES
    ($$SELECT mvm_create_universe(NULL, 'X', 1)$$),
    ($$SELECT mvm_create_universe('X', NULL, 1)$$),
    ($$SELECT mvm_create_universe('X', 'X', NULL)$$),
    ($$SELECT mvm_create_universe('X', 'X', 1, NULL)$$),
    ($$SELECT mvm_create_universe('', 'X', 1)$$),
    ($$SELECT mvm_create_universe('   ', 'X', 1)$$),
    ($$SELECT mvm_create_universe(repeat('x', 256), 'X', 1)$$),
    ($$SELECT mvm_create_universe('X', '', 1)$$),
    ($$SELECT mvm_create_universe('X', '  ', 1)$$),
    ($$SELECT mvm_create_universe('X', repeat('x', 33), 1)$$),
    ($$SELECT mvm_create_universe('X', 'X', 0)$$),
    ($$SELECT mvm_create_universe('X', 'X', -1)$$),
    ($$SELECT mvm_create_universe('X', 'X', 'NaN')$$),
    ($$SELECT mvm_create_universe('X', 'X', 'Infinity')$$),
    ($$SELECT mvm_create_universe('X', 'X', '-Infinity')$$),
    ($$SELECT mvm_create_universe('X', 'X', 1e131071)$$),
    ($$SELECT mvm_create_universe('X', 'X', 1e18)$$),
    ($$SELECT mvm_create_universe('X', 'X', 1234567890.123456789)$$),
    ($$SELECT mvm_create_universe('X', 'X', 0.0000000000000000001)$$),
    ($$SELECT mvm_create_universe('X', 'X', 1, -1)$$),
    ($$SELECT mvm_create_universe('X', 'X', 1, 10)$$),
    ($$SELECT mvm_create_universe('Earth', 'X', 1)$$)
) c (call), outcome(c.call) o;
\pset format aligned
-- The first broken rule decides: the name before the rate, the rate before the scale.
SELECT o.code, o.message FROM outcome($$SELECT mvm_create_universe('', '', 0, 99)$$) o;
-- Names that differ in case are different.
SELECT name FROM mvm_create_universe('earth', 'USD', 1);
-- The longest rates: 18 digits, 18 decimals.
SELECT exchange_rate FROM mvm_create_universe('Rate 1', 'X', 999999999999999999);
SELECT exchange_rate FROM mvm_create_universe('Rate 2', 'X', 0.000000000000000001);
SELECT exchange_rate FROM mvm_create_universe('Rate 3', 'X', 0.999999999999999999);
-- Zeros behind the point are not digits.
SELECT exchange_rate = 2.5 AS two_and_a_half FROM mvm_create_universe('Rate 4', 'X', 2.5000000000000000000000000);

-- Changing a rate raises the version.
SELECT id, exchange_rate, version FROM mvm_set_exchange_rate(2, 5);
SELECT id, exchange_rate, version FROM mvm_set_exchange_rate(universe_id => 2, exchange_rate => 2.5);
SELECT mvm_convert(100, 1, 2);
SELECT c.call, o.code, o.message FROM (VALUES
    ($$SELECT mvm_set_exchange_rate(NULL, 1)$$),
    ($$SELECT mvm_set_exchange_rate(1, NULL)$$),
    ($$SELECT mvm_set_exchange_rate(999, 0)$$),
    ($$SELECT mvm_set_exchange_rate(999, 1)$$),
    ($$SELECT mvm_set_exchange_rate(0, 1)$$),
    ($$SELECT mvm_set_exchange_rate(-1, 1)$$),
    ($$SELECT mvm_set_exchange_rate(1, 'NaN')$$),
    ($$SELECT mvm_set_exchange_rate(1, 'Infinity')$$),
    ($$SELECT mvm_set_exchange_rate(1, 0)$$),
    ($$SELECT mvm_set_exchange_rate(1, -2)$$)
) c (call), outcome(c.call) o;
SELECT exchange_rate, version FROM mvm.universes WHERE id = 1;
-- Past transactions keep the rates they used.
SELECT transaction_id, exchange_rate FROM mvm_exchange(1, 100, 1, 2);
SELECT exchange_rate FROM mvm_set_exchange_rate(2, 4);
SELECT from_rate, to_rate, exchange_rate, received_amount FROM mvm.transactions WHERE kind = 'exchange';
SELECT * FROM mvm_audit();
