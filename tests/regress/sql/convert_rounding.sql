\set ECHO none
\getenv abs_srcdir PG_ABS_SRCDIR
\set prelude :abs_srcdir /prelude.sql
\i :prelude
\set ECHO all
-- Conversion is exact to the last minor unit and rounds toward the house: what a
-- user receives rounds down, what a user pays rounds up.
SELECT id FROM mvm_create_universe('Thirds', 'THR', 3, 0);
SELECT id FROM mvm_create_universe('Nano', 'NAN', 0.000000001, 9);
SELECT id FROM mvm_create_universe('Awkward', 'AWK', 123456789.123456789, 9);
SELECT id FROM mvm_create_universe('Giga', 'GIG', 999999999999999999, 0);
SELECT id FROM mvm_create_universe('Atto', 'ATT', 0.000000000000000001, 9);

-- Down: 2/3, 1/3 of the other's minor unit are nothing.
SELECT mvm_convert(1, 4, 1) AS third, mvm_convert(2, 4, 1) AS two_thirds, mvm_convert(3, 4, 1) AS whole;
SELECT mvm_convert(0.34, 1, 4) AS one, mvm_convert(0.67, 1, 4) AS two;
SELECT code, message FROM outcome('SELECT mvm_convert(0.33, 1, 4)');
-- Every digit counts.
SELECT mvm_convert(1, 1, 6) AS awkward, mvm_convert(123456789.123456789, 6, 1) AS back, mvm_convert(123456789.123456788, 6, 1) AS less;
SELECT mvm_convert(1, 1, 5) AS nano, mvm_convert(0.000000001, 5, 1) AS one_back;
SELECT mvm_convert(0.000000001, 5, 7) AS from_least_to_most;
SELECT mvm_convert(9223372036.854775807, 6, 1) AS most_awkward;
SELECT code, message FROM outcome('SELECT mvm_convert(10, 5, 7)');
SELECT code, message FROM outcome('SELECT mvm_convert(9223372036854775807, 7, 8)');
SELECT code, message FROM outcome('SELECT mvm_convert(9223372036.854775807, 8, 7)');

-- The formula of the rules over a grid of amounts and pairs, against plain numeric.
SELECT count(*) AS conversions, count(*) FILTER (
    WHERE mvm_convert(amount, f.id, t.id) <> div(
        amount * t.exchange_rate * ('1e' || t.currency_scale)::numeric * 1e18,
        f.exchange_rate * 1e18) * ('1e-' || t.currency_scale)::numeric) AS wrong
FROM mvm.universes f, mvm.universes t, (VALUES (1), (3), (7), (12), (49.99), (50)) a (amount)
WHERE f.id <> t.id AND f.id IN (1, 2, 3) AND t.id IN (1, 2, 3, 4, 6);

-- A price is rounded up: an item of 10 MRC is 4.00 USD, one of 0.01 is 0.01.
SELECT id FROM mvm_list_item(NULL, 'Crumb', 0.01, 1000, 2);
SELECT amount, received_amount FROM mvm_buy(1, 2);
SELECT amount, received_amount FROM mvm_buy(1, 4);
SELECT amount, received_amount FROM mvm_buy(1, 4, 2);
SELECT amount, received_amount FROM mvm_buy(1, 4, 3);
SELECT amount, received_amount FROM mvm_buy(1, 4, 5);
SELECT amount, received_amount FROM mvm_buy(3, 2);
-- Rounding happens once per purchase, not per piece.
SELECT amount, received_amount FROM mvm_buy(1, 4, 100);

-- No round trip gains, in any pair of currencies, whatever the amount.
DO $$
DECLARE
    start_amount numeric;
    went numeric;
    back numeric;
    pair record;
BEGIN
    FOR pair IN SELECT f.id AS a, t.id AS b FROM mvm.universes f, mvm.universes t WHERE f.id <> t.id LOOP
        FOREACH start_amount IN ARRAY '{1,2,3,5,7,10,33,99,100,101,1000,12345,99999}'::numeric[] LOOP
            BEGIN
                went := mvm_convert(start_amount, pair.a, pair.b);
                back := mvm_convert(went, pair.b, pair.a);
                IF back > start_amount THEN
                    RAISE 'gain: % of % came back from % as %', start_amount, pair.a, pair.b, back;
                END IF;
            EXCEPTION WHEN SQLSTATE 'MV201' OR SQLSTATE 'MV204' THEN
                NULL; -- too small or too large for the other currency
            END;
        END LOOP;
    END LOOP;
END $$;
-- With money: a thousand exchanges to and fro never end above the start.
SELECT mvm_balance(3, 3) AS before;
DO $$
BEGIN
    FOR i IN 1 .. 500 LOOP
        PERFORM mvm_exchange(3, 0.5 + i * 0.01, 3, 2);
        PERFORM mvm_exchange(3, mvm_balance(3, 2), 2, 3);
    END LOOP;
END $$;
SELECT mvm_balance(3, 3) <= 750 AS no_gain, mvm_balance(3, 2) AS left_over;
-- The residue stays with the house.
SELECT universe_id, sum(amount) > 0 AS house_gains FROM mvm.ledger WHERE account = 'fx' AND universe_id = 3 GROUP BY 1;
SELECT * FROM mvm_audit();
