-- Shows that mvm_buy and its twin do the same: 1,000 purchases with and without keys, some of them to be refused, give
-- the same answer or the same SQLSTATE, and leave the same rows. Raises an error otherwise.
CREATE FUNCTION twin.attempt(call text, buyer bigint, item bigint, pieces bigint, key_given text) RETURNS text
    LANGUAGE plpgsql
AS $$
DECLARE
    trade mvm.trades;
BEGIN
    EXECUTE format('SELECT * FROM %s($1, $2, $3, $4)', call) INTO trade USING buyer, item, pieces, key_given;
    trade.id := NULL;
    trade.transaction_time := NULL;
    RETURN trade::text;
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END
$$;

DO $$
DECLARE
    users bigint := (SELECT count(*) FROM twin.user_account);
    items bigint := (SELECT count(*) FROM twin.item);
    attempts record;
    expected text;
    actual text;
    refused integer := 0;
BEGIN
    FOR attempts IN
        SELECT n,
            -- The last of each list is one that does not exist.
            1 + (n * 7919 % users) + CASE WHEN n % 50 = 3 THEN users ELSE 0 END AS buyer,
            CASE WHEN n % 50 = 7 THEN 1 + n * 7919 % items ELSE 1 + n * 104729 % items END
                + CASE WHEN n % 50 = 9 THEN items ELSE 0 END AS item,
            CASE n % 50 WHEN 11 THEN 0 WHEN 13 THEN 1000000000000 WHEN 17 THEN 1000000000001 WHEN 19 THEN NULL
                WHEN 21 THEN 9223372036854775807 ELSE 1 + n % 3 END AS pieces,
            CASE n % 5 WHEN 0 THEN 'key ' || n END AS key_given
        FROM generate_series(1::bigint, 1000) AS n
    LOOP
        FOR repeat IN 1..2 LOOP
            expected := twin.attempt('mvm_buy', attempts.buyer, attempts.item, attempts.pieces, attempts.key_given);
            actual := twin.attempt('twin.buy', attempts.buyer, attempts.item, attempts.pieces, attempts.key_given);
            IF expected IS DISTINCT FROM actual THEN
                RAISE EXCEPTION 'purchase %: mvm_buy answers %, its twin %', attempts, expected, actual;
            END IF;
        END LOOP;
        refused := refused + (expected ~ '^MV')::integer;
    END LOOP;
    IF refused < 100 OR refused > 500 THEN
        RAISE EXCEPTION 'the check is no check: % of 1000 purchases were refused', refused;
    END IF;
    IF EXISTS (
        (SELECT user_id, universe_id, balance_minor, last_journal_id FROM mvm.wallet
         EXCEPT SELECT user_id, universe_id, balance_minor, last_journal_id FROM twin.wallet)
        UNION ALL
        (SELECT id, 0, stock, 0 FROM mvm.item EXCEPT SELECT id, 0, stock, 0 FROM twin.item)
        UNION ALL
        (SELECT user_id, item_id, paid_minor, 0 FROM mvm.journal
         EXCEPT SELECT user_id, item_id, paid_minor, 0 FROM twin.journal)
        UNION ALL
        (SELECT id, 0, from_previous_id, to_previous_id FROM mvm.journal
         EXCEPT SELECT id, 0, from_previous_id, to_previous_id FROM twin.journal)
    ) OR (SELECT count(*) FROM mvm.journal) <> (SELECT count(*) FROM twin.journal) THEN
        RAISE EXCEPTION 'mvm_buy and its twin leave different rows';
    END IF;
END
$$;
DROP FUNCTION twin.attempt(text, bigint, bigint, bigint, text);
