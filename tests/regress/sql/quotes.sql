\set ECHO none
\getenv abs_srcdir PG_ABS_SRCDIR
\set prelude :abs_srcdir /prelude.sql
\i :prelude
\set ECHO all
-- A quote freezes the rate and the fee, for one user and amount.
SELECT exchange_fee_rate FROM mvm_set_rules(2, exchange_fee_rate => 0.01);
SELECT id, user_id, amount, converted_amount, fee, from_universe_id, to_universe_id, exchange_rate, state,
    expires_at - created_at AS lives, transaction_id
FROM mvm_quote(1, 100, 1, 2);
SELECT exchange_rate FROM mvm_set_exchange_rate(2, 5);
SELECT exchange_fee_rate FROM mvm_set_rules(2, exchange_fee_rate => 0.5);
SELECT converted_amount, amount, exchange_rate, fee FROM mvm_accept_quote(1);
SELECT user_id, universe_id, balance FROM mvm.wallets WHERE user_id = 1 ORDER BY 2;
SELECT kind, reference_id, fee, from_rate, to_rate FROM mvm.transactions ORDER BY id DESC LIMIT 1;
-- Once or not at all.
SELECT code, message, detail LIKE 'Quote 1 was accepted by transaction %' AS said FROM outcome('SELECT mvm_accept_quote(1)');
SELECT id FROM mvm_quote(1, 100, 1, 2, '1 ms');
SELECT pg_sleep(0.01);
SELECT code, detail LIKE 'Quote 2 expired at %' AS said FROM outcome('SELECT mvm_accept_quote(2)');
SELECT id, state FROM mvm.quotes ORDER BY id;
SELECT code, message, detail FROM outcome('SELECT mvm_accept_quote(99)');
SELECT code, detail FROM outcome('SELECT mvm_accept_quote(NULL)');
-- The rate was frozen, not the money, and not the operator's right to close.
SELECT id FROM mvm_quote(1, 5000, 1, 2);
SELECT code, message, detail FROM outcome('SELECT mvm_accept_quote(3)');
SELECT exchange_open FROM mvm_set_rules(2, exchange_open => false);
SELECT id FROM mvm_quote(1, 5, 3, 1);
SELECT code, detail FROM outcome('SELECT mvm_quote(1, 5, 1, 2)');
SELECT code, detail FROM outcome('SELECT mvm_accept_quote(3)');
SELECT code, detail FROM outcome('SELECT mvm_accept_quote(4)');
-- What cannot be quoted.
SELECT code, detail FROM outcome('SELECT mvm_quote(99, 5, 1, 3)');
SELECT code, detail FROM outcome('SELECT mvm_quote(1, 0, 1, 3)');
SELECT code, detail FROM outcome('SELECT mvm_quote(1, 0.001, 1, 3)');
SELECT code, detail FROM outcome('SELECT mvm_quote(1, 0.01, 1, 3)');
SELECT code, detail FROM outcome('SELECT mvm_quote(1, 5, 1, 1)');
SELECT code, detail FROM outcome('SELECT mvm_quote(1, 5, 1, 99)');
SELECT code, detail FROM outcome('SELECT mvm_quote(1, 5, 99, 1)');
SELECT code, detail FROM outcome($$SELECT mvm_quote(1, 5, 1, 3, '0')$$);
SELECT code, detail FROM outcome($$SELECT mvm_quote(1, 5, 1, 3, '-1 s')$$);
SELECT code, detail FROM outcome($$SELECT mvm_quote(1, 5, 1, 3, '367 days')$$);
SELECT code, detail FROM outcome($$SELECT mvm_quote(1, 5, 1, 3, '178000000 years')$$);
SELECT code, detail FROM outcome('SELECT mvm_quote(1, 5, 1, 3, NULL)');
-- Nulls come first.
SELECT code, detail FROM outcome('SELECT mvm_quote(1, 0, 1, 3, NULL)');
-- Quotes that nobody accepted are purged by the time since they expired; a purged one is not found any more.
SELECT id, state FROM mvm.quotes ORDER BY id;
SELECT mvm_purge_quotes();
UPDATE mvm.quote SET created_at = created_at - interval '8 days', expires_at = now() - interval '8 days' WHERE id IN (1, 4);
UPDATE mvm.quote SET created_at = created_at - interval '1 day', expires_at = now() - interval '1 day' WHERE id = 3;
SELECT mvm_purge_quotes();
SELECT code, detail FROM outcome('SELECT mvm_accept_quote(4)');
SELECT mvm_purge_quotes(interval '25 hours');
SELECT mvm_purge_quotes(older_than => interval '23 hours');
SELECT id FROM mvm_quote(1, 5, 3, 1);
SELECT mvm_purge_quotes(interval '0');
SELECT id, state FROM mvm.quotes ORDER BY id;
-- The accepted one stays, and the exchange refers to it still.
SELECT q.id, q.transaction_id = t.id AS exchanged FROM mvm.quotes q JOIN mvm.transactions t ON t.reference_id = q.id AND t.kind = 'exchange';
SELECT code, message, detail FROM outcome('SELECT mvm_purge_quotes(NULL)');
SELECT code, message, detail FROM outcome($$SELECT mvm_purge_quotes(interval '-1 microsecond')$$);
SELECT code, message, detail FROM outcome($$SELECT mvm_purge_quotes(interval '1000000 years')$$);
-- Nobody deletes another: an accepted or an open one.
SELECT code, message FROM outcome('DELETE FROM mvm.quote WHERE transaction_id IS NOT NULL');
SELECT code, message FROM outcome('DELETE FROM mvm.quote WHERE transaction_id IS NULL');
SELECT code, message FROM outcome('TRUNCATE mvm.quote');
SELECT * FROM mvm_audit();
