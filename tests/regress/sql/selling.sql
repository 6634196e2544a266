\set ECHO none
\getenv abs_srcdir PG_ABS_SRCDIR
\set prelude :abs_srcdir /prelude.sql
\i :prelude
\set ECHO all
-- Restock: journalled, and once per key.
SELECT mvm_list_item(1, 'Lamp', 12.50, 3);
SELECT kind, user_id, item_id, quantity, amount, from_universe_id, to_universe_id, exchange_rate FROM mvm_restock(4, 7);
SELECT id AS first FROM mvm_restock(4, 5, 'again') \gset
SELECT id = :first AS same, quantity FROM mvm_restock(4, 5, 'again');
SELECT code, message, detail FROM outcome($$SELECT mvm_restock(4, 6, 'again')$$);
-- A treasury's item: its keys belong to nobody.
SELECT id AS first FROM mvm_restock(1, 1, 'again') \gset
SELECT id = :first AS same, user_id FROM mvm_restock(1, 1, 'again');
SELECT id, stock FROM mvm.items WHERE id IN (1, 4) ORDER BY id;
SELECT code, message, detail FROM outcome('SELECT mvm_restock(99, 1)');
SELECT code, message, detail FROM outcome('SELECT mvm_restock(4, 0)');
SELECT code, message, detail FROM outcome('SELECT mvm_restock(4, NULL)');
SELECT code, message, detail FROM outcome('SELECT mvm_restock(4, 9223372036854775807)');
-- A price changes for whoever comes next, and its history stays.
SELECT amount FROM mvm_buy(2, 4);
SELECT * FROM mvm_set_price(4, 20);
SELECT * FROM mvm_set_price(4, 20.00);
SELECT amount FROM mvm_buy(2, 4);
SELECT price FROM mvm_set_price(4, 20.000000000000004);
SELECT item_id, price, valid_from <= clock_timestamp() AS past FROM mvm.prices ORDER BY valid_from;
SELECT code, message, detail FROM outcome('SELECT mvm_set_price(99, 1)');
SELECT code, message, detail FROM outcome('SELECT mvm_set_price(4, 0)');
SELECT code, message, detail FROM outcome('SELECT mvm_set_price(4, 0.001)');
SELECT code, message, detail FROM outcome('SELECT mvm_set_price(4, 19.995)');
SELECT code, message, detail FROM outcome($$SELECT mvm_set_price(4, 'NaN')$$);
SELECT code, message, detail FROM outcome('SELECT mvm_set_price(4, 1e30)');
SELECT code, message, detail FROM outcome('SELECT mvm_set_price(NULL, 1)');
SELECT code, message FROM outcome('UPDATE mvm.price_change SET price_minor = 1');
SELECT code, message FROM outcome('DELETE FROM mvm.price_change');
-- Off the market and back.
SELECT id, listed FROM mvm_delist_item(4);
SELECT code, message, detail FROM outcome('SELECT mvm_buy(2, 4)');
SELECT outcome, detail FROM mvm_buy_batch(ARRAY[2, 2], ARRAY[4, 1], ARRAY[1, 1]);
SELECT id, listed FROM mvm_delist_item(4);
SELECT id, listed FROM mvm_relist_item(4);
SELECT amount FROM mvm_buy(2, 4);
SELECT code, message, detail FROM outcome('SELECT mvm_delist_item(99)');
SELECT code, message, detail FROM outcome('SELECT mvm_relist_item(NULL)');
-- A seller's own items.
SELECT id FROM mvm_list_item(1, 'Desk', 99, 1);
SELECT id FROM mvm_list_item(2, 'Rover', 99, 1);
SELECT id FROM mvm_delist_item(5);
SELECT * FROM mvm_items(1);
SELECT id FROM mvm_items(1, max_rows => 1);
SELECT id FROM mvm_items(1, after_id => 4);
SELECT id FROM mvm_items(3);
SELECT * FROM mvm_audit();
