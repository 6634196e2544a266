\set ECHO none
\getenv abs_srcdir PG_ABS_SRCDIR
\set prelude :abs_srcdir /prelude.sql
\i :prelude
\set ECHO all
-- A session remembers where rows stand. They may move under it, and others take their places.
SELECT count(mvm_create_user(format('buyer_%s', n), 1, 100)) FROM generate_series(1, 600) n;
SELECT count(mvm_list_item(1, format('Book %s', n), 1, 5)) FROM generate_series(1, 600) n;
SELECT count(DISTINCT (mvm_buy(3 + n, 3 + n)).id) FROM generate_series(1, 600) n;
-- The other way round: where a wallet, an item or a user stood, another one stands.
CREATE INDEX wallet_reverse ON mvm.wallet (user_id DESC);
CREATE INDEX item_reverse ON mvm.item (id DESC);
CREATE INDEX user_reverse ON mvm.user_account (id DESC);
CLUSTER mvm.wallet USING wallet_reverse;
CLUSTER mvm.item USING item_reverse;
CLUSTER mvm.user_account USING user_reverse;
SELECT count(*), sum(amount), min(buyer_id), max(buyer_id), min(item_id), max(item_id)
FROM generate_series(1, 600) n, mvm_buy(3 + n, 3 + n, 2);
SELECT balance, count(*) FROM mvm.users WHERE id > 3 GROUP BY balance;
SELECT stock, count(*) FROM mvm.items WHERE id > 3 GROUP BY stock;
SELECT * FROM mvm_audit();
DROP INDEX mvm.wallet_reverse, mvm.item_reverse, mvm.user_reverse;
-- At the end of a table that is then cut shorter.
UPDATE mvm.item SET version = version + 1;
UPDATE mvm.item SET version = version + 1;
SELECT count(DISTINCT (mvm_buy(3 + n, 3 + n)).id) FROM generate_series(1, 600) n;
VACUUM FULL mvm.item;
SELECT count(DISTINCT (mvm_buy(3 + n, 3 + n)).id) FROM generate_series(1, 600) n;
SELECT stock, count(*) FROM mvm.items WHERE id > 3 GROUP BY stock;
-- A version that is no longer on its chain: the update moves an index entry.
SELECT amount, from_universe_id FROM mvm_buy(2, 1);
UPDATE mvm.item SET universe_id = 2 WHERE id = 1;
SELECT amount, received_amount, to_universe_id FROM mvm_buy(2, 1);
UPDATE mvm.item SET universe_id = 1 WHERE id = 1;
SELECT amount, received_amount, to_universe_id FROM mvm_buy(2, 1);
SELECT * FROM mvm_audit();
-- Rows that another market has put in the place of those that were there.
SET client_min_messages = warning;
DROP EXTENSION mvm CASCADE;
CREATE EXTENSION mvm;
RESET client_min_messages;
SELECT code, detail FROM outcome('SELECT mvm_buy(5, 5)');
SELECT mvm_seed();
SELECT buyer_id, item_id, amount FROM mvm_buy(1, 2);
SELECT code, detail FROM outcome('SELECT mvm_buy(5, 5)');
SELECT * FROM mvm_audit();
