\set ECHO none
\getenv abs_srcdir PG_ABS_SRCDIR
\set prelude :abs_srcdir /prelude.sql
\i :prelude
\set ECHO all
-- mvm_buy_batch and mvm_exchange_batch: as if the orders ran one by one.

SELECT id FROM mvm_create_user('seller', 2);
SELECT id FROM mvm_create_user('poor', 1, 10);
SELECT id FROM mvm_list_item(4, 'Dust', 2.50, 5);

-- Every outcome, in the order of the orders; a refused one changes nothing and stops nothing.
SELECT ordinal, outcome, detail, amount, quantity, seller_id, from_universe_id, to_universe_id, received_amount, exchange_rate
FROM mvm_buy_batch(
    ARRAY[1, 1, 999, 1, 1, 4, 1, NULL, 1, 5, 1],
    ARRAY[1, 2, 1, 999, 4, 4, 4, 1, NULL, 1, 1],
    ARRAY[1, 1, 1, 1, 2, 1, 4, 1, 1, 3, 0]);
SELECT * FROM mvm.wallets ORDER BY user_id, universe_id;
SELECT id, stock FROM mvm.items ORDER BY id;

-- The last pieces go to the first who asks.
SELECT ordinal, outcome, detail FROM mvm_buy_batch(ARRAY[1, 2, 3], ARRAY[4, 4, 4], ARRAY[2, 2, 1]);
SELECT stock FROM mvm.items WHERE id = 4;

-- A user is poor halfway through, and a sale within the batch pays for the next purchase.
SELECT id FROM mvm_list_item(5, 'Shell', 1.00, 100);
SELECT ordinal, outcome, detail, amount
FROM mvm_buy_batch(ARRAY[5, 5, 1, 5], ARRAY[1, 1, 5, 1], ARRAY[2, 1, 5, 1]);
SELECT mvm_balance(5);

-- An item may appear a thousand times.
SELECT outcome, count(*), sum(amount)
FROM mvm_buy_batch(array_fill(2::bigint, ARRAY[1000]), array_fill(1::bigint, ARRAY[1000]), array_fill(1::bigint, ARRAY[1000]))
GROUP BY outcome ORDER BY outcome;
SELECT stock FROM mvm.items WHERE id = 1;
SELECT count(DISTINCT id), count(*) FROM mvm.trades WHERE buyer_id = 2;

-- A seller whose every sale is refused gets no wallet.
SELECT id FROM mvm_create_user('unlucky', 3);
SELECT id FROM mvm_list_item(6, 'Moon', 1000000, 1, 1);
SELECT outcome FROM mvm_buy_batch(ARRAY[1], ARRAY[6], ARRAY[1]);
SELECT count(*) FROM mvm.wallets WHERE user_id = 6;

-- Keys: a repeat within the batch or later is answered by the first, a different request is
-- refused, and a refusal is remembered, also by a single call.
SELECT ordinal, outcome, detail, replayed, amount
FROM mvm_buy_batch(ARRAY[3, 3, 3, 3, 3], ARRAY[3, 3, 3, 2, 2], ARRAY[1, 1, 2, 1000, 1000],
    ARRAY['a', 'a', 'a', 'b', 'b']);
SELECT ordinal, outcome, detail, replayed, amount
FROM mvm_buy_batch(ARRAY[3, 3, 2], ARRAY[3, 2, 3], ARRAY[1, 1000, 1], ARRAY['a', 'b', 'a']);
-- An order that does not match a used key does not stand for it.
SELECT ordinal, outcome, replayed, amount
FROM mvm_buy_batch(ARRAY[3, 3, 3], ARRAY[3, 3, 3], ARRAY[7, 1, 7], ARRAY['a', 'a', 'a']);
SELECT * FROM outcome($$SELECT mvm_buy(3, 2, 1000, 'b')$$);
SELECT amount, idempotency_key FROM mvm_buy(3, 3, 1, 'a');
SELECT user_id, key, transaction_id IS NULL AS refused, refusal, refusal_detail FROM mvm.idempotency_key ORDER BY user_id, key;
SELECT ordinal, outcome, detail FROM mvm_buy_batch(ARRAY[1, 1], ARRAY[1, 1], ARRAY[1, 1], ARRAY['', repeat('k', 256)]);

-- Exchanges.
SELECT ordinal, outcome, detail, amount, converted_amount, from_universe_id, to_universe_id, exchange_rate
FROM mvm_exchange_batch(
    ARRAY[3, 3, 3, 3, 3, 3, 3, 999, NULL, 3],
    ARRAY[10, 'NaN', 'Infinity', 0, 0.001, 1e30, 10, 1, 1, 5000],
    ARRAY[3, 3, 3, 3, 3, 3, 3, 1, 1, 3],
    ARRAY[1, 1, 1, 1, 1, 1, 3, 2, 2, 1]);
SELECT ordinal, outcome, detail, replayed
FROM mvm_exchange_batch(ARRAY[3, 3, 3], ARRAY[1.00000001, 1, 2], ARRAY[3, 3, 3], ARRAY[1, 1, 1], ARRAY['x', 'x', 'x']);
SELECT ordinal, outcome, detail FROM mvm_exchange_batch(ARRAY[3, 3], ARRAY[1, 1], ARRAY[99, 3], ARRAY[1, 99]);

-- Arguments as a whole.
SELECT * FROM outcome($$SELECT * FROM mvm_buy_batch(NULL, ARRAY[1], ARRAY[1])$$);
SELECT * FROM outcome($$SELECT * FROM mvm_buy_batch(ARRAY[1], ARRAY[1, 2], ARRAY[1])$$);
SELECT * FROM outcome($$SELECT * FROM mvm_buy_batch(ARRAY[1], ARRAY[1], ARRAY[1], ARRAY['a', 'b'])$$);
SELECT * FROM outcome($$SELECT * FROM mvm_buy_batch(ARRAY[[1]], ARRAY[[1]], ARRAY[[1]])$$);
SELECT * FROM outcome($$SELECT count(*) FROM mvm_buy_batch(array_fill(1::bigint, ARRAY[100001]), array_fill(1::bigint, ARRAY[100001]), array_fill(1::bigint, ARRAY[100001]))$$);
SELECT count(*) FROM mvm_buy_batch('{}', '{}', '{}');
BEGIN READ ONLY;
SELECT * FROM mvm_buy_batch(ARRAY[1], ARRAY[1], ARRAY[1]);
ROLLBACK;

-- A batch can be cancelled, and leaves nothing.
SELECT count(*) AS trades FROM mvm.trades \gset
SET statement_timeout = '5ms';
DO $$
BEGIN
    PERFORM count(*) FROM mvm_buy_batch(array_fill(2::bigint, ARRAY[50000]), array_fill(2::bigint, ARRAY[50000]),
        array_fill(1::bigint, ARRAY[50000]));
    RAISE EXCEPTION 'the batch outran its timeout';
EXCEPTION WHEN query_canceled THEN
    RAISE NOTICE 'cancelled';
END $$;
RESET statement_timeout;
SELECT count(*) = :trades AS unchanged FROM mvm.trades;

-- One transaction, several batches and single calls; a rollback undoes them all.
BEGIN;
SELECT count(*) FROM mvm_buy_batch(ARRAY[2, 2], ARRAY[2, 2], ARRAY[1, 1]);
SELECT stock FROM mvm.items WHERE id = 2;
SELECT (mvm_buy(2, 2, 1)).quantity;
SELECT count(*) FROM mvm_buy_batch(ARRAY[2], ARRAY[2], ARRAY[1]);
SELECT stock FROM mvm.items WHERE id = 2;
SELECT * FROM mvm_audit();
ROLLBACK;
SELECT stock FROM mvm.items WHERE id = 2;

SELECT * FROM mvm_audit();
