\set ECHO none
\getenv abs_srcdir PG_ABS_SRCDIR
\set prelude :abs_srcdir /prelude.sql
\i :prelude
\set ECHO all
-- A purchase from another universe with fee and tariff, undone in two parts.
SELECT id FROM mvm_list_item(2, 'Rover', 33.33, 10);
SELECT sale_fee_rate FROM mvm_set_rules(2, sale_fee_rate => 0.05);
SELECT tariff_rate FROM mvm_set_route(1, 2, tariff_rate => 0.1);
SELECT id AS bought, amount, received_amount, fee, tariff FROM mvm_buy(1, 4, 3) \gset
\echo :amount :received_amount :fee :tariff
SELECT kind, user_id, counterparty_id, item_id, quantity, from_universe_id, to_universe_id, amount, received_amount, fee, tariff,
    exchange_rate, reference_id = :bought AS linked
FROM mvm_refund(:bought, 1);
SELECT quantity, amount, received_amount, fee, tariff FROM mvm_refund(:bought);
SELECT account, user_id, universe_id, sum(amount) FROM mvm.ledger
WHERE transaction_id >= :bought GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
SELECT mvm_balance(1), mvm_balance(2), (SELECT stock FROM mvm.items WHERE id = 4);
-- Never more than was bought.
SELECT code, message, detail FROM outcome('SELECT mvm_refund((SELECT max(id) FROM mvm.trades))');
SELECT code, detail FROM outcome('SELECT mvm_refund((SELECT max(id) FROM mvm.trades), 1)');
SELECT id AS bought FROM mvm_buy(1, 1, 2) \gset
SELECT code, detail FROM outcome('SELECT mvm_refund((SELECT max(id) FROM mvm.trades), 3)');
SELECT quantity FROM mvm_refund(:bought, 2);
-- At its own amounts, whatever the rates and prices are now, to the wallet that paid.
SELECT id AS bought, amount FROM mvm_buy(1, 4, 1) \gset
SELECT exchange_rate FROM mvm_set_exchange_rate(2, 5);
SELECT price FROM mvm_set_price(4, 1);
SELECT universe_id FROM mvm_move_user(1, 3);
SELECT sale_fee_rate FROM mvm_set_rules(2, sale_fee_rate => 0);
SELECT amount = :amount AS same, from_universe_id, received_amount, fee, tariff FROM mvm_refund(:bought);
SELECT universe_id, balance FROM mvm.wallets WHERE user_id = 1;
SELECT universe_id FROM mvm_move_user(1, 1);
-- The seller pays, or nobody does.
SELECT id AS bought FROM mvm_buy(1, 4, 2) \gset
SELECT mvm_balance(2) AS all_of_it \gset
SELECT amount = :all_of_it AS poor FROM mvm_withdraw(2, :all_of_it);
SELECT code, message, detail FROM outcome('SELECT mvm_refund((SELECT max(id) FROM mvm.trades))');
SELECT stock FROM mvm.items WHERE id = 4;
SELECT amount FROM mvm_deposit(2, 1);
SELECT quantity, received_amount FROM mvm_refund(:bought, 1);
SELECT code, detail FROM outcome('SELECT mvm_refund((SELECT max(id) FROM mvm.trades), 1)');
-- Keys belong to the buyer.
SELECT amount FROM mvm_deposit(2, 10);
SELECT id AS refund FROM mvm_refund(:bought, 1, 'back') \gset
SELECT id = :refund AS same FROM mvm_refund(:bought, 1, 'back');
SELECT code, detail FROM outcome(format($$SELECT mvm_refund(%s, NULL, 'back')$$, :bought));
-- A smallest unit that three pieces share is given back with the last of them.
SELECT id FROM mvm_create_universe('Dear', 'DEA', 0.001, 0);
SELECT id FROM mvm_create_user('from_dear', 4, 100);
SELECT id FROM mvm_list_item(1, 'Crumb', 0.01, 30);
SELECT id AS bought, amount, received_amount FROM mvm_buy(4, 5, 3) \gset
SELECT amount, received_amount FROM mvm_refund(:bought, 1);
SELECT amount, received_amount FROM mvm_refund(:bought, 1);
SELECT amount, received_amount FROM mvm_refund(:bought, 1);
-- What is no purchase.
SELECT code, message, detail FROM outcome('SELECT mvm_refund(99999)');
SELECT code, detail FROM outcome('SELECT mvm_refund(1)');
SELECT code, detail FROM outcome('SELECT mvm_refund((SELECT max(id) FROM mvm.transactions))');
SELECT code, detail FROM outcome('SELECT mvm_refund(NULL)');
SELECT code, detail FROM outcome('SELECT mvm_refund(1, 0)');
SELECT code, message FROM outcome('UPDATE mvm.refund SET quantity = 1');
SELECT * FROM mvm_audit();
-- The audit sees a refund that nothing links, and one that goes beyond its purchase.
INSERT INTO mvm.journal (transaction_time, kind, user_id, item_id, quantity, from_universe_id, to_universe_id, paid_minor, received_minor,
    from_rate, to_rate, reference_id)
SELECT now(), 'r', 1, 1, 9, 1, 1, 500, 500, 1, 1, min(id) FROM mvm.trades;
SELECT check_name, expected, actual FROM mvm_audit() ORDER BY 1, 2;
