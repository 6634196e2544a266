\set ECHO none
\getenv abs_srcdir PG_ABS_SRCDIR
\set prelude :abs_srcdir /prelude.sql
\i :prelude
\set ECHO all
-- Stock and money are set aside at the present price, rate, fee and tariff.
SELECT id FROM mvm_list_item(2, 'Rover', 33.33, 10);
SELECT sale_fee_rate FROM mvm_set_rules(2, sale_fee_rate => 0.05);
SELECT tariff_rate FROM mvm_set_route(1, 2, tariff_rate => 0.1);
SELECT id AS hold, buyer_id, item_id, seller_id, quantity, captured_quantity, amount, price, from_universe_id, to_universe_id,
    exchange_rate, state, expires_at - created_at AS lives
FROM mvm_reserve(1, 4, 3);
SELECT max(id) AS hold FROM mvm.holds \gset
SELECT mvm_balance(1), (SELECT stock FROM mvm.items WHERE id = 4);
SELECT account, user_id, universe_id, amount FROM mvm.ledger
WHERE transaction_id = (SELECT max(id) FROM mvm.transactions) ORDER BY 1;
SELECT * FROM mvm_audit();
-- A part is bought at those terms, whatever they are now; the rest goes back.
SELECT exchange_rate FROM mvm_set_exchange_rate(2, 5);
SELECT price FROM mvm_set_price(4, 99);
SELECT sale_fee_rate FROM mvm_set_rules(2, sale_fee_rate => 0, trade_open => false);
SELECT universe_id FROM mvm_move_user(1, 3);
SELECT tariff_rate FROM mvm_set_route(1, 2, tariff_rate => 0);
SELECT buyer_id, seller_id, quantity, amount, received_amount, fee, tariff, exchange_rate, from_universe_id FROM mvm_capture(:hold, 2);
SELECT universe_id, balance FROM mvm.wallets WHERE user_id = 1;
SELECT mvm_balance(2), (SELECT stock FROM mvm.items WHERE id = 4);
SELECT kind, quantity, amount, reference_id = :hold AS linked FROM mvm.transactions ORDER BY id DESC LIMIT 3;
SELECT state, quantity, captured_quantity FROM mvm.holds;
SELECT * FROM mvm_audit();
-- It ends once.
SELECT code, message, detail FROM outcome(format('SELECT mvm_capture(%s)', :hold));
SELECT code, detail FROM outcome(format('SELECT mvm_release(%s)', :hold));
-- What was captured can be refunded.
SELECT kind, amount, received_amount, fee, tariff FROM mvm_refund((SELECT max(id) FROM mvm.trades));
SELECT universe_id FROM mvm_move_user(1, 1);
SELECT trade_open FROM mvm_set_rules(2, trade_open => true);
-- Released: all goes back.
SELECT id AS hold FROM mvm_reserve(1, 1, 10) \gset
SELECT state, captured_quantity FROM mvm_release(:hold);
SELECT mvm_balance(1), (SELECT stock FROM mvm.items WHERE id = 1);
SELECT code, detail FROM outcome(format('SELECT mvm_capture(%s)', :hold)) WHERE detail LIKE '%was released.';
-- More than was set aside, or nothing.
SELECT id AS hold FROM mvm_reserve(1, 1, 10) \gset
SELECT code, replace(detail, :'hold', 'N') FROM outcome(format('SELECT mvm_capture(%s, 11)', :hold));
SELECT code, detail FROM outcome(format('SELECT mvm_capture(%s, 0)', :hold));
SELECT code, message, detail FROM outcome('SELECT mvm_capture(9999)');
SELECT code, detail FROM outcome('SELECT mvm_release(9999)');
SELECT code, detail FROM outcome('SELECT mvm_release(NULL)');
-- Keys belong to the buyer.
SELECT id AS first FROM mvm_reserve(1, 1, 1, '1 day', 'held') \gset
SELECT id = :first AS same FROM mvm_reserve(1, 1, 1, '1 day', 'held');
SELECT code, detail FROM outcome($$SELECT mvm_reserve(1, 1, 2, '1 day', 'held')$$);
SELECT id AS trade FROM mvm_capture(:hold, 4, 'taken') \gset
SELECT id = :trade AS same FROM mvm_capture(:hold, 4, 'taken');
SELECT id = :first AS same, state FROM mvm_release(:first);
-- Refused as a purchase is.
SELECT code, detail FROM outcome('SELECT mvm_reserve(99, 1)');
SELECT code, detail FROM outcome('SELECT mvm_reserve(1, 99)');
SELECT code, detail FROM outcome('SELECT mvm_reserve(2, 4)');
SELECT code, detail FROM outcome('SELECT mvm_reserve(1, 1, 0)');
SELECT code, detail FROM outcome('SELECT mvm_reserve(1, 1, 97)');
SELECT code, detail FROM outcome('SELECT mvm_reserve(1, 4, 10)');
SELECT code, detail FROM outcome($$SELECT mvm_reserve(1, 1, 1, '0 s')$$);
-- Nulls come first, then the key's length.
SELECT code, detail FROM outcome($$SELECT mvm_reserve(1, 1, 0, NULL, '')$$);
SELECT code, detail FROM outcome($$SELECT mvm_reserve(1, 1, 0, '0 s', '')$$);
SELECT listed FROM mvm_delist_item(1);
SELECT code, detail FROM outcome('SELECT mvm_reserve(1, 1)');
SELECT listed FROM mvm_relist_item(1);
-- Past its time a hold counts as released for everyone who looks,
SELECT mvm_balance(1) AS before, stock FROM mvm.items WHERE id = 1;
SELECT amount FROM mvm_reserve(1, 1, 96, '1 ms');
SELECT pg_sleep(0.01);
SELECT mvm_balance(1), (SELECT stock FROM mvm.items WHERE id = 1), (SELECT balance FROM mvm.users WHERE id = 1),
    (SELECT balance FROM mvm.wallets WHERE user_id = 1 AND universe_id = 1);
SELECT state FROM mvm.holds ORDER BY id DESC LIMIT 1;
SELECT code, detail LIKE 'Hold % expired at %' AS said FROM outcome(format('SELECT mvm_capture(%s)', (SELECT max(id) FROM mvm.holds)));
SELECT code FROM outcome(format('SELECT mvm_release(%s)', (SELECT max(id) FROM mvm.holds)));
SELECT (mvm_set_price(1, 5)).stock AS priced, (mvm_delist_item(1)).stock AS delisted, (mvm_relist_item(1)).stock AS relisted,
    (mvm_move_user(1, 2)).balance AS abroad, (mvm_move_user(1, 1)).balance AS at_home;
-- and for everyone who buys its stock,
SELECT amount FROM mvm_buy(3, 1, 96);
SELECT kind, user_id, quantity FROM mvm.transactions ORDER BY id DESC LIMIT 2;
-- or spends its money: by buying, exchanging, withdrawing, sending, accepting a quote, refunding.
SELECT amount FROM mvm_withdraw(1, mvm_balance(1) - 40);
SELECT count(mvm_restock(1, 1000));
SELECT amount FROM mvm_reserve(1, 1, 8, '1 ms');
SELECT pg_sleep(0.01);
SELECT amount FROM mvm_buy(1, 1, 8);
SELECT count(mvm_deposit(1, 40)), count(mvm_reserve(1, 1, 8, '1 ms')) FROM pg_sleep(0);
SELECT pg_sleep(0.01);
SELECT amount FROM mvm_exchange(1, 40, 1, 3);
SELECT amount FROM mvm_deposit(1, 40);
SELECT amount FROM mvm_reserve(1, 1, 8, '1 ms');
SELECT pg_sleep(0.01);
SELECT amount FROM mvm_withdraw(1, 40);
SELECT amount FROM mvm_deposit(1, 40);
SELECT amount FROM mvm_reserve(1, 1, 8, '1 ms');
SELECT pg_sleep(0.01);
SELECT amount FROM mvm_transfer(1, 2, 40);
SELECT amount FROM mvm_deposit(1, 40);
SELECT id AS quote FROM mvm_quote(1, 40, 1, 3) \gset
SELECT amount FROM mvm_reserve(1, 1, 8, '1 ms');
SELECT pg_sleep(0.01);
SELECT amount FROM mvm_accept_quote(:quote);
SELECT id FROM mvm_list_item(1, 'Lamp', 40, 1);
SELECT id AS trade FROM mvm_buy(2, 5) \gset
SELECT amount FROM mvm_reserve(1, 1, 8, '1 ms');
SELECT pg_sleep(0.01);
SELECT received_amount FROM mvm_refund(:trade);
SELECT mvm_balance(1);
SELECT * FROM mvm_audit();
-- The sweep writes it down.
SELECT count(mvm_reserve(3, 1, 1, '1 s')) FROM generate_series(1, 5);
SELECT count(mvm_reserve(3, 3, 1, '1 s')) FROM generate_series(1, 5);
SELECT count(mvm_reserve(3, 3, 1)) FROM generate_series(1, 2);
SELECT pg_sleep(1.1);
SELECT mvm_sweep_holds(7);
SELECT mvm_sweep_holds();
SELECT mvm_sweep_holds();
SELECT code, detail FROM outcome('SELECT mvm_sweep_holds(0)');
SELECT state, count(*) FROM mvm.holds GROUP BY state ORDER BY state;
SELECT code, message FROM outcome('DELETE FROM mvm.hold');
SELECT * FROM mvm_audit();
-- The audit sees a hold that the ledger does not know.
UPDATE mvm.hold SET paid_minor = paid_minor + 1 WHERE state = 'a';
SELECT check_name, subject, expected, actual FROM mvm_audit();
-- What holds past their time keep counts as far as there is room for it, and stays until there is. Stock has always room
-- for what holds keep of it.
SELECT id AS whole FROM mvm_create_universe('Whole', 'WHO', 1, 0) \gset
SELECT id AS rich FROM mvm_create_user('rich', :whole, 9223372036854775807) \gset
SELECT id AS all_there_is FROM mvm_list_item(NULL, 'All there is', 5, 9223372036854775807, :whole) \gset
SELECT amount FROM mvm_reserve(:rich, :all_there_is, 1, '1 ms');
SELECT amount FROM mvm_deposit(:rich, 5);
SELECT code, detail FROM outcome(format('SELECT mvm_restock(%s, 1)', :all_there_is));
SELECT pg_sleep(0.01);
SELECT mvm_balance(:rich), (SELECT balance FROM mvm.users WHERE id = :rich), (SELECT balance FROM mvm.wallets WHERE user_id = :rich),
    (SELECT stock FROM mvm.items WHERE id = :all_there_is);
SELECT balance, stock FROM mvm_move_user(:rich, :whole), mvm_relist_item(:all_there_is);
SELECT mvm_sweep_holds();
SELECT amount FROM mvm_withdraw(:rich, 5);
SELECT amount FROM mvm_buy(:rich, :all_there_is);
SELECT mvm_sweep_holds();
SELECT mvm_balance(:rich), (SELECT stock FROM mvm.items WHERE id = :all_there_is);
-- A hold that was given to somebody without such a wallet ends in an error, not in a crash.
SELECT id AS other FROM mvm_create_user('elsewhere', 1) \gset
SELECT id AS given_away FROM mvm_reserve(:rich, :all_there_is) \gset
UPDATE mvm.hold SET buyer_id = :other WHERE id = :given_away;
SELECT code, detail FROM outcome(format('SELECT mvm_release(%s)', :given_away));
-- A capture of the whole leaves the stock as the hold left it, and so the item's row.
SELECT amount FROM mvm_deposit(1, 10);
SELECT id AS plain FROM mvm_list_item(NULL, 'Plain', 5, 10, 1) \gset
SELECT id AS hold FROM mvm_reserve(1, :plain, 2) \gset
SELECT version AS held_version FROM mvm.item WHERE id = :plain \gset
SELECT quantity FROM mvm_capture(:hold);
SELECT stock, version = :held_version AS untouched FROM mvm.item WHERE id = :plain;
