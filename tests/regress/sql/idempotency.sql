\set ECHO none
\getenv abs_srcdir PG_ABS_SRCDIR
\set prelude :abs_srcdir /prelude.sql
\i :prelude
\set ECHO all
-- The same key and request: the first answer again, and nothing happens twice.
CREATE TEMPORARY TABLE first_answer AS SELECT * FROM mvm_exchange(1, 100, 1, 2, 'k1');
SELECT e = f AS same FROM mvm_exchange(1, 100, 1, 2, 'k1') e, first_answer f;
DROP TABLE first_answer;
CREATE TEMPORARY TABLE first_answer AS SELECT * FROM mvm_buy(1, 2, 3, 'k2');
SELECT b = f AS same FROM mvm_buy(1, 2, 3, idempotency_key => 'k2') b, first_answer f;
DROP TABLE first_answer;
CREATE TEMPORARY TABLE first_answer AS SELECT * FROM mvm_deposit(1, 10, NULL, 'k3');
SELECT d = f AS same FROM mvm_deposit(1, 10, NULL, 'k3') d, first_answer f;
DROP TABLE first_answer;
CREATE TEMPORARY TABLE first_answer AS SELECT * FROM mvm_withdraw(1, 10, NULL, 'k4');
SELECT w = f AS same FROM mvm_withdraw(1, 10, NULL, 'k4') w, first_answer f;
DROP TABLE first_answer;
SELECT kind, idempotency_key, amount FROM mvm.transactions WHERE idempotency_key IS NOT NULL ORDER BY id;
SELECT universe_id, balance FROM mvm.wallets WHERE user_id = 1 ORDER BY 1;

-- The same request written another way: after rounding, and with the home named.
SELECT amount FROM mvm_exchange(1, 100.00000001, 1, 2, 'k1');
SELECT amount FROM mvm_deposit(1, 10.00, 1, 'k3');
SELECT amount FROM mvm_withdraw(1, 9.99999999, 1, 'k4');
-- Whatever happened since: rates, balances and stock.
SELECT exchange_rate FROM mvm_set_exchange_rate(2, 5);
SELECT amount FROM mvm_withdraw(1, mvm_balance(1));
UPDATE mvm.item SET price_minor = price_minor * 2 WHERE id = 2;
SELECT amount, converted_amount, exchange_rate FROM mvm_exchange(1, 100, 1, 2, 'k1');
SELECT amount, received_amount, exchange_rate FROM mvm_buy(1, 2, 3, 'k2');
SELECT stock FROM mvm.items WHERE id = 2;

-- A different request under the key.
\pset format unaligned
SELECT c.call, o.* FROM (VALUES
    ($$SELECT mvm_exchange(1, 100.01, 1, 2, 'k1')$$),
    ($$SELECT mvm_exchange(1, 100, 2, 1, 'k1')$$),
    ($$SELECT mvm_exchange(1, 100, 1, 3, 'k1')$$),
    ($$SELECT mvm_buy(1, 2, 3, 'k1')$$),
    ($$SELECT mvm_buy(1, 2, 4, 'k2')$$),
    ($$SELECT mvm_buy(1, 1, 3, 'k2')$$),
    ($$SELECT mvm_buy(1, 999, 3, 'k2')$$),
    ($$SELECT mvm_deposit(1, 11, NULL, 'k3')$$),
    ($$SELECT mvm_deposit(1, 10, 2, 'k3')$$),
    ($$SELECT mvm_withdraw(1, 10, NULL, 'k3')$$),
    ($$SELECT mvm_deposit(1, 10, NULL, 'k4')$$),
    -- what is checked before the key decides first
    ($$SELECT mvm_exchange(1, 0, 1, 2, 'k1')$$),
    ($$SELECT mvm_exchange(1, 100, 1, 1, 'k1')$$),
    ($$SELECT mvm_buy(1, 2, 0, 'k2')$$),
    ($$SELECT mvm_deposit(1, 0.001, NULL, 'k3')$$),
    ($$SELECT mvm_deposit(1, 10.001, NULL, 'k3')$$),
    -- the length of a key
    ($$SELECT mvm_exchange(1, 0, 1, 2, '')$$),
    ($$SELECT mvm_buy(1, 1, 0, '')$$),
    ($$SELECT mvm_deposit(999, 1, NULL, repeat('k', 256))$$),
    ($$SELECT mvm_withdraw(1, 1, NULL, repeat('ж', 256))$$)
) c (call), outcome(c.call) o;
\pset format aligned

-- A key belongs to the user who acts.
SELECT amount FROM mvm_exchange(2, 1, 2, 3, 'k1');
SELECT amount FROM mvm_deposit(3, 10, NULL, 'k3');
SELECT count(*) FROM mvm.transactions WHERE idempotency_key IN ('k1', 'k3');
-- Keys are compared to the last character, and may be any text.
SELECT amount FROM mvm_deposit(2, 1, NULL, 'K3');
SELECT amount FROM mvm_deposit(2, 2, NULL, ' k3');
SELECT amount FROM mvm_deposit(2, 3, NULL, repeat('ж', 255));
SELECT amount FROM mvm_deposit(2, 3, NULL, repeat('ж', 255));
SELECT amount FROM mvm_deposit(2, 4, NULL, $$'; DROP TABLE mvm.wallet; --$$);
SELECT count(*) FROM mvm.transactions WHERE user_id = 2 AND kind = 'deposit' AND idempotency_key IS NOT NULL;

-- A limit is one in the currency of the home: from another home, with other decimals, it is another request.
SELECT amount FROM mvm_buy(2, 2, 1, 'limited', 100);
SELECT id FROM mvm_create_universe('Whole', 'WHO', 1, 0);
SELECT universe_id FROM mvm_move_user(2, 4);
SELECT code, detail FROM outcome($$SELECT mvm_buy(2, 2, 1, 'limited', 100)$$);
SELECT universe_id FROM mvm_move_user(2, 2);
SELECT amount FROM mvm_buy(2, 2, 1, 'limited', 100);

-- A refused call leaves no key behind.
SELECT code, message FROM outcome($$SELECT mvm_withdraw(3, 100000, NULL, 'again')$$);
SELECT amount FROM mvm_withdraw(3, 1, NULL, 'again');
-- A key is rolled back with its transaction.
BEGIN;
SELECT amount FROM mvm_withdraw(3, 2, NULL, 'undone');
ROLLBACK;
SELECT amount FROM mvm_withdraw(3, 3, NULL, 'undone');
-- Twice in one transaction, and in one statement.
BEGIN;
SELECT amount FROM mvm_withdraw(3, 4, NULL, 'twice');
SELECT amount FROM mvm_withdraw(3, 4, NULL, 'twice');
COMMIT;
SELECT count(DISTINCT (w).id), count(*) FROM (SELECT mvm_withdraw(3, 5, NULL, 'often') AS w FROM generate_series(1, 5)) s;
SELECT mvm_balance(3);

-- Keys are purged by age; a repeat under a forgotten key acts again.
SELECT count(*) > 0 AS some FROM mvm.idempotency_key;
SELECT mvm_purge_idempotency_keys();
UPDATE mvm.idempotency_key SET created_at = now() - interval '25 hours' WHERE user_id = 3 AND key = 'often';
UPDATE mvm.idempotency_key SET created_at = now() - interval '90 minutes' WHERE user_id = 3 AND key = 'twice';
SELECT mvm_purge_idempotency_keys();
SELECT mvm_purge_idempotency_keys(interval '2 hours');
SELECT mvm_purge_idempotency_keys(older_than => interval '1 hour');
SELECT key FROM mvm.idempotency_key WHERE user_id = 3 ORDER BY key;
SELECT amount FROM mvm_withdraw(3, 5, NULL, 'often');
SELECT mvm_balance(3);
-- No age, or one below zero, is no reason to forget all; zero is.
SELECT code, message, detail FROM outcome('SELECT mvm_purge_idempotency_keys(NULL)');
SELECT code, message, detail FROM outcome($$SELECT mvm_purge_idempotency_keys(interval '-1 microsecond')$$);
SELECT code, message, detail FROM outcome($$SELECT mvm_purge_idempotency_keys(interval '1000000 years')$$);
SELECT count(*) AS there FROM mvm.idempotency_key \gset
SELECT :there > 0 AS some, mvm_purge_idempotency_keys(interval '0') = :there AS all_of_them;
SELECT count(*) FROM mvm.idempotency_key;
-- A trigger of the owner's that repeats the call that fires it finds no answer under the key yet.
CREATE FUNCTION again() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM mvm_buy(2, 1, 1, 'again'); RETURN NEW; END $$;
CREATE TRIGGER again BEFORE UPDATE ON mvm.wallet FOR EACH ROW EXECUTE FUNCTION again();
SELECT code, message FROM outcome($$SELECT mvm_buy(2, 1, 1, 'again')$$);
DROP TRIGGER again ON mvm.wallet;
DROP FUNCTION again();
SELECT * FROM mvm_audit();
