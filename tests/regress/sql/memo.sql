\set ECHO none
\getenv abs_srcdir PG_ABS_SRCDIR
\set prelude :abs_srcdir /prelude.sql
\i :prelude
\set ECHO all
-- A memo is kept as given and is the last column of what is answered and of the views.
SELECT kind, memo FROM mvm_deposit(1, 100, memo => 'invoice 4711');
SELECT kind, memo FROM mvm_withdraw(1, 10, memo => E'line one\n\ttab, "quotes", \\ and ü');
SELECT kind, memo FROM mvm_transfer(1, 2, 5, memo => '');
SELECT amount, memo FROM mvm_exchange(1, 4, 1, 2, memo => '  blanks  ');
SELECT amount, memo FROM mvm_buy(1, 1, memo => 'order 12');
SELECT amount, memo IS NULL AS without FROM mvm_buy(1, 1);
SELECT id, kind, memo, memo IS NULL AS without FROM mvm.transactions WHERE id > 6 ORDER BY id;
SELECT id, memo FROM mvm.trades ORDER BY id;
SELECT id, memo FROM mvm_trades(1);
-- Both sides of a movement see it in their statements, which keep it for each line of a page.
SELECT transaction_id, kind, amount, memo FROM mvm_statement(1, 1, '-infinity', 'infinity');
SELECT transaction_id, kind, amount, memo FROM mvm_statement(2, 1, '-infinity', 'infinity');
SELECT transaction_id, kind, memo FROM mvm_statement(1, 1, '-infinity', 'infinity', 2, 7);
-- At most 255 characters, not bytes.
SELECT char_length(memo), octet_length(memo) FROM mvm_deposit(1, 1, memo => repeat('é', 255));
SELECT code, message, detail FROM outcome($$SELECT mvm_deposit(1, 1, memo => repeat('x', 256))$$);
SELECT code, detail FROM outcome($$SELECT mvm_withdraw(1, 1, memo => repeat('x', 256))$$);
SELECT code, detail FROM outcome($$SELECT mvm_transfer(1, 2, 1, memo => repeat('x', 256))$$);
SELECT code, detail FROM outcome($$SELECT mvm_exchange(1, 1, 1, 2, memo => repeat('x', 256))$$);
SELECT code, detail FROM outcome($$SELECT mvm_buy(1, 1, memo => repeat('x', 256))$$);
SELECT code, detail FROM outcome($$SELECT mvm_buy(1, 1, pay_from => '{1}', memo => repeat('x', 256))$$);
-- After the key's length, before everything else about the order.
SELECT code, detail FROM outcome($$SELECT mvm_buy(99, 1, 0, '', memo => repeat('x', 256))$$);
SELECT code, detail FROM outcome($$SELECT mvm_buy(99, 1, 0, memo => repeat('x', 256))$$);
-- The table holds to it, too.
SELECT code, message FROM outcome($$
    INSERT INTO mvm.journal (transaction_time, user_id, paid_minor, received_minor, from_universe_id, to_universe_id, kind,
        from_rate, to_rate, memo)
    VALUES (now(), 1, 1, 1, 1, 1, 'd', 1, 1, repeat('x', 256))$$);
-- Under a key the memo is part of the request; a request without one is what it always was.
SELECT id AS first FROM mvm_buy(1, 1, 1, 'with', memo => 'a') \gset
SELECT id = :first AS same, memo FROM mvm_buy(1, 1, 1, 'with', memo => 'a');
SELECT code, message, detail FROM outcome($$SELECT mvm_buy(1, 1, 1, 'with', memo => 'b')$$);
SELECT code, detail FROM outcome($$SELECT mvm_buy(1, 1, 1, 'with')$$);
SELECT id AS first FROM mvm_buy(1, 1, 1, 'without') \gset
SELECT request FROM mvm.idempotency_key WHERE key = 'without';
SELECT id = :first AS same, memo IS NULL AS without FROM mvm_buy(1, 1, 1, 'without', memo => NULL);
SELECT code, detail FROM outcome($$SELECT mvm_buy(1, 1, 1, 'without', memo => '')$$);
SELECT id AS first FROM mvm_deposit(1, 1, NULL, 'cash', 'a') \gset
SELECT id = :first AS same, memo FROM mvm_deposit(1, 1, NULL, 'cash', 'a');
SELECT code, detail FROM outcome($$SELECT mvm_deposit(1, 1, NULL, 'cash')$$);
SELECT code, detail FROM outcome($$SELECT mvm_withdraw(1, 1, NULL, 'cash', 'a')$$);
SELECT id AS first FROM mvm_transfer(1, 2, 1, NULL, 'gift', 'a') \gset
SELECT id = :first AS same FROM mvm_transfer(1, 2, 1, NULL, 'gift', 'a');
SELECT code, detail FROM outcome($$SELECT mvm_transfer(1, 2, 1, NULL, 'gift', 'b')$$);
SELECT transaction_id AS first FROM mvm_exchange(1, 1, 1, 2, 'x', 1, 'a') \gset
SELECT transaction_id = :first AS same, memo FROM mvm_exchange(1, 1, 1, 2, 'x', 1, 'a');
SELECT code, detail FROM outcome($$SELECT mvm_exchange(1, 1, 1, 2, 'x', 1)$$);
-- A batch has one for each order, or none at all; a memo too long refuses its own order.
SELECT ordinal, outcome, detail, replayed, amount, memo
FROM mvm_buy_batch('{1,1,1,1}', '{1,1,1,1}', '{1,1,1,1}', ARRAY['b1', NULL, NULL, 'b1'],
    memos => ARRAY['first', NULL, repeat('x', 256), 'first']);
SELECT ordinal, outcome, detail FROM mvm_buy_batch('{1}', '{1}', '{1}', '{b1}', memos => '{another}');
SELECT outcome, memo, replayed FROM mvm_buy_batch('{1,1}', '{1,1}', '{1,1}');
SELECT outcome, memo FROM mvm_exchange_batch('{1,1,1}', '{1,1,1}', '{1,1,1}', '{2,2,2}', memos => ARRAY[repeat('x', 256), NULL, 'trip']);
SELECT code, detail FROM outcome($$SELECT mvm_buy_batch('{1}', '{1}', '{1}', memos => '{a,b}')$$);
SELECT code, detail FROM outcome($$SELECT mvm_exchange_batch('{1}', '{1}', '{1}', '{2}', memos => '{{a}}')$$);
-- A purchase paid from several wallets: its exchanges have it as well, so that its number finds all of it.
SELECT amount FROM mvm_deposit(1, 10, 3);
SELECT from_universe_id, memo FROM mvm_buy(1, 2, 40, 'several', pay_from => '{3,1}', memo => 'big');
SELECT memo FROM mvm_buy(1, 2, 40, 'several', pay_from => '{3,1}', memo => 'big');
SELECT kind, memo FROM mvm.transactions WHERE memo = 'big' ORDER BY id;
SELECT code, detail FROM outcome($$SELECT mvm_buy(1, 2, 40, 'several', pay_from => '{3,1}')$$);
-- What undoes or fulfils has none.
SELECT memo IS NULL AS without FROM mvm_refund((SELECT id FROM mvm.trades WHERE memo = 'order 12'));
SELECT memo IS NULL AS without FROM mvm_accept_quote((SELECT id FROM mvm_quote(2, 10, 2, 1)));
SELECT memo IS NULL AS without FROM mvm_capture((SELECT id FROM mvm_reserve(3, 1)));
-- The longest key and the longest memo together do not fit a page's share: they are stored apart, and read back.
SELECT id AS first FROM mvm_deposit(1, 1, NULL, repeat('ключ', 63), repeat('𝔪', 255)) \gset
SELECT id = :first AS same, memo = repeat('𝔪', 255) AS whole FROM mvm_deposit(1, 1, NULL, repeat('ключ', 63), repeat('𝔪', 255));
SELECT memo = repeat('𝔪', 255) AS whole FROM mvm_statement(1, 1, '-infinity', 'infinity') WHERE transaction_id = :first;
SELECT * FROM mvm_audit();
