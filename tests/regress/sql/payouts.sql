\set ECHO none
\getenv abs_srcdir PG_ABS_SRCDIR
\set prelude :abs_srcdir /prelude.sql
\i :prelude
\set ECHO all
-- The house is paid by sales of its treasury, by tariffs and by fees, and pays out.
SELECT id FROM mvm_list_item(2, 'Rover', 33.33, 10);
SELECT sale_fee_rate, exchange_fee_rate FROM mvm_set_rules(2, sale_fee_rate => 0.05, exchange_fee_rate => 0.01);
SELECT tariff_rate FROM mvm_set_route(1, 2, tariff_rate => 0.1);
SELECT * FROM mvm.house_accounts ORDER BY 1, 2;
SELECT amount, fee, tariff FROM mvm_buy(1, 1, 3);
SELECT amount, fee, tariff FROM mvm_buy(1, 4, 3);
SELECT amount, fee, tariff FROM mvm_buy(1, 2, 1);
SELECT fee FROM mvm_exchange(1, 100, 1, 2);
SELECT outcome, fee, tariff FROM mvm_buy_batch('{1,3,2,1}', '{1,2,2,4}', '{1,2,3,1}');
SELECT * FROM mvm.house_accounts ORDER BY 1, 2;
-- They are what the ledger says.
SELECT universe_id, account, sum(amount) FROM mvm.ledger WHERE account IN ('treasury', 'fees') GROUP BY 1, 2 ORDER BY 1, 2;
SELECT count(*) FROM mvm_audit();
SELECT kind, user_id, counterparty_id, from_universe_id, to_universe_id, amount, received_amount, exchange_rate
FROM mvm_payout(1, 'treasury', 10.5, memo => 'invoice 7');
SELECT kind, amount FROM mvm_payout(universe_id => 2, account => 'fees', amount => 0.01, idempotency_key => 'fees of May');
SELECT account, user_id, universe_id, amount FROM mvm.ledger
WHERE transaction_id > (SELECT max(transaction_id) - 2 FROM mvm.ledger) ORDER BY transaction_id, account;
SELECT memo FROM mvm.journal WHERE kind = 'o';
SELECT * FROM mvm.house_accounts WHERE universe_id < 3 ORDER BY 1, 2;
-- A key belongs to nobody, and answers the same again.
SELECT id = (SELECT max(id) FROM mvm.transactions) AS same FROM mvm_payout(2, 'fees', 0.01, 'fees of May');
SELECT code, detail FROM outcome($$SELECT mvm_payout(2, 'fees', 0.02, 'fees of May')$$);
SELECT code, detail FROM outcome($$SELECT mvm_payout(2, 'treasury', 0.01, 'fees of May')$$);
SELECT code, detail FROM outcome($$SELECT mvm_payout(1, 'fees', 0.01, 'fees of May')$$);
SELECT code, detail FROM outcome($$SELECT mvm_payout(2, 'fees', 0.01, 'fees of May', 'invoice 8')$$);
-- Never more than is there; all of it may go.
SELECT balance AS all_of_it FROM mvm.house_accounts WHERE universe_id = 1 AND account = 'treasury' \gset
SELECT code, message, detail FROM outcome(format($$SELECT mvm_payout(1, 'treasury', %s)$$, :all_of_it + 0.01));
SELECT amount FROM mvm_payout(1, 'treasury', :all_of_it);
SELECT code, detail FROM outcome($$SELECT mvm_payout(1, 'treasury', 0.01)$$);
SELECT code, detail FROM outcome($$SELECT mvm_payout(3, 'fees', 1)$$);
-- What is wrong is reported in this order.
SELECT c.call, o.code, o.detail FROM (VALUES
    (1, $$SELECT mvm_payout(NULL, 'king', 0)$$),
    (2, $$SELECT mvm_payout(9, NULL, 0)$$),
    (3, $$SELECT mvm_payout(9, 'king', NULL)$$),
    (4, $$SELECT mvm_payout(9, 'king', 0, '')$$),
    (5, $$SELECT mvm_payout(9, 'king', 0, NULL, repeat('m', 256))$$),
    (6, $$SELECT mvm_payout(9, 'king', 0)$$),
    (7, $$SELECT mvm_payout(9, 'king', 'NaN')$$),
    (8, $$SELECT mvm_payout(9, 'king', 'Infinity')$$),
    (9, $$SELECT mvm_payout(9, 'king', -1)$$),
    (10, $$SELECT mvm_payout(9, 'king', 1)$$),
    (11, $$SELECT mvm_payout(9, 'outside', 1)$$),
    (12, $$SELECT mvm_payout(9, 'fees', 1)$$),
    (13, $$SELECT mvm_payout(1, 'fees', 0.001)$$),
    (14, $$SELECT mvm_payout(1, 'fees', 92233720368547758.08)$$),
    (15, $$SELECT mvm_payout(1, 'fees', 92233720368547758.07)$$)
) c (place, call), outcome(c.call) o ORDER BY place;
SELECT count(*) FROM mvm_audit();
-- A purchase is undone as long as the house has what it took: of the price, the tariff and the fee.
SELECT id AS from_treasury FROM mvm_buy(3, 1, 1) \gset
SELECT balance AS left_over FROM mvm.house_accounts WHERE universe_id = 1 AND account = 'treasury' \gset
SELECT amount FROM mvm_payout(1, 'treasury', :left_over - 1);
SELECT stock AS before FROM mvm.items WHERE id = 1 \gset
SELECT code, detail FROM outcome(format('SELECT mvm_refund(%s)', :from_treasury));
SELECT stock = :before AS unchanged, mvm_balance(3) FROM mvm.items WHERE id = 1;
SELECT id AS with_fee, fee, tariff FROM mvm_buy(1, 4, 1) \gset
SELECT :fee AS fee, :tariff AS tariff;
SELECT balance AS fees FROM mvm.house_accounts WHERE universe_id = 2 AND account = 'fees' \gset
SELECT amount = :fees AS paid_out FROM mvm_payout(2, 'fees', :fees);
SELECT code, detail FROM outcome(format('SELECT mvm_refund(%s)', :with_fee));
SELECT fee FROM mvm_exchange(1, 100, 1, 2);
SELECT kind, fee, tariff FROM mvm_refund(:with_fee);
SELECT * FROM mvm.house_accounts WHERE universe_id < 3 ORDER BY 1, 2;
SELECT universe_id, account, sum(amount) FROM mvm.ledger WHERE account IN ('treasury', 'fees') GROUP BY 1, 2 ORDER BY 1, 2;
SELECT count(*) FROM mvm_audit();

-- Beyond 64 bits: what has gone through an account, and what lies on it.
DO $$
BEGIN
    PERFORM mvm_create_universe('Rich', 'RCH', 1, 0);
    PERFORM mvm_create_user('rich', 4);
    PERFORM mvm_list_item(NULL, 'Planet', 9000000000000000000, 100, 4);
    FOR i IN 1 .. 5 LOOP
        PERFORM mvm_deposit(4, 9000000000000000000);
        PERFORM mvm_buy(4, 5);
    END LOOP;
END $$;
SELECT account, balance FROM mvm.house_accounts WHERE universe_id = 4 ORDER BY 1;
SELECT count(*) FROM generate_series(1, 4) i, mvm_payout(4, 'treasury', 9000000000000000000 + i * 0);
SELECT account, balance FROM mvm.house_accounts WHERE universe_id = 4 ORDER BY 1;
SELECT code, detail FROM outcome($$SELECT mvm_payout(4, 'treasury', 9000000000000000001)$$);
SELECT outcome FROM mvm_deposit(4, 9000000000000000000),
    LATERAL mvm_buy_batch('{4,4}', '{5,5}', '{1,1}');
SELECT account, balance FROM mvm.house_accounts WHERE universe_id = 4 ORDER BY 1;
SELECT count(*) FROM mvm_audit();

-- Several calls of one statement, and one that is taken back.
SELECT count(*) FROM generate_series(1, 3) i, mvm_buy(2, 1, 1 + i * 0);
BEGIN;
SELECT amount FROM mvm_buy(2, 1, 1);
SAVEPOINT here;
SELECT amount FROM mvm_buy(2, 1, 1);
SELECT amount FROM mvm_payout(1, 'treasury', 1);
ROLLBACK TO here;
SELECT amount FROM mvm_payout(1, 'treasury', 1);
COMMIT;
SELECT count(*) FROM mvm_audit();
-- At the higher levels, too, with the rows of the transaction's own.
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT amount FROM mvm_buy(2, 1, 1);
SELECT balance AS all_of_it FROM mvm.house_accounts WHERE universe_id = 1 AND account = 'treasury' \gset
SELECT amount = :all_of_it AS paid_out FROM mvm_payout(1, 'treasury', :all_of_it);
SELECT amount FROM mvm_buy(2, 1, 1);
SELECT amount = received_amount AS paid_out FROM mvm_payout(1, 'treasury', 5);
COMMIT;
SELECT balance FROM mvm.house_accounts WHERE universe_id = 1 AND account = 'treasury';

-- A balance is read from the slots of its universe alone, however long the journal.
CREATE FUNCTION tables_read_by(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan;
    RETURN QUERY SELECT DISTINCT m[1] FROM regexp_matches(plan::text, '"Relation Name": "([a-z_]+)"', 'g') m ORDER BY 1;
END $$;
SELECT tables_read_by($$SELECT balance FROM mvm.house_accounts WHERE universe_id = 1 AND account = 'treasury'$$);
DROP FUNCTION tables_read_by;
-- The rows stay, and the audit reports one that does not agree, with a checkpoint and without.
SELECT code FROM outcome('DELETE FROM mvm.house_account');
SELECT code FROM outcome('TRUNCATE mvm.house_account');
SELECT violations FROM mvm_audit_checkpoint();
SELECT violations_after('UPDATE mvm.house_account SET treasury_minor = treasury_minor + 1 WHERE (universe_id, slot) = (1, 0)');
SELECT violations_after('UPDATE mvm.house_account SET fees_minor = ''NaN'' WHERE (universe_id, slot) = (2, 0)');
SELECT violations_after('INSERT INTO mvm.house_account VALUES (3, 7, 0, 1)');
SELECT violations_after('UPDATE mvm.house_account SET treasury_minor = treasury_minor + 1 WHERE (universe_id, slot) = (1, 0)', 1);
SELECT violations_after('INSERT INTO mvm.house_account VALUES (3, 7, 0, 1)', 1);
SELECT violations_after($$ALTER TABLE mvm.house_account DISABLE TRIGGER house_account_rows_stay; DELETE FROM mvm.house_account WHERE universe_id = 4$$, 1);
SELECT amount FROM mvm_buy(2, 1, 2);
SELECT amount FROM mvm_payout(1, 'treasury', 3);
SELECT * FROM mvm_audit(1);
SELECT violations FROM mvm_audit_checkpoint();
SELECT * FROM mvm_audit(2);
-- A payout is whole.
SELECT code FROM outcome($$INSERT INTO mvm.journal (transaction_time, user_id, paid_minor, received_minor, from_universe_id,
    to_universe_id, kind, from_rate, to_rate) VALUES (now(), 1, 1, 1, 1, 1, 'o', 1, 1)$$);
SELECT code FROM outcome($$INSERT INTO mvm.journal (transaction_time, paid_minor, received_minor, from_universe_id,
    to_universe_id, kind, from_rate, to_rate) VALUES (now(), 1, 2, 1, 1, 'f', 1, 1)$$);
SELECT * FROM mvm_audit();
