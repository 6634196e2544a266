\set ECHO none
\getenv abs_srcdir PG_ABS_SRCDIR
\set prelude :abs_srcdir /prelude.sql
\i :prelude
\set ECHO all
-- A fee is rounded up, so that none vanishes when an order is split: 5 % of a thousand times 0.04 is 2.00 at least.
SELECT exchange_rate FROM mvm_set_exchange_rate(3, 1);
SELECT exchange_fee_rate FROM mvm_set_rules(3, exchange_fee_rate => 0.05);
DO $$
BEGIN
    FOR i IN 1 .. 1000 LOOP
        PERFORM mvm_exchange(1, 0.04, 1, 3);
    END LOOP;
END $$;
SELECT sum(fee) >= 2 AS enough, sum(fee), sum(received_amount), sum(amount) FROM mvm.transactions WHERE kind = 'exchange';
-- One exchange of the same amount: exactly 5 %.
SELECT converted_amount, fee FROM mvm_exchange(1, 40, 1, 3);
-- What the fee would take all of is refused, and said so before the money is looked at.
SELECT mvm_exchange(1, 0.01, 1, 3);
SELECT mvm_exchange(2, 0.01, 1, 3);
SELECT mvm_convert(0.01, 1, 3);
SELECT mvm_quote(1, 0.01, 1, 3);
SELECT converted_amount, fee FROM mvm_exchange(1, 0.02, 1, 3);
SELECT outcome, detail, fee FROM mvm_exchange_batch(ARRAY[1, 1], ARRAY[0.01, 0.03], ARRAY[1, 1], ARRAY[3, 3]);
-- Sales: of the price, from the seller. Tariffs: on top, from the buyer.
SELECT id AS crumb FROM mvm_list_item(2, 'Crumb', 0.01, 1000, 1) \gset
SELECT sale_fee_rate FROM mvm_set_rules(1, sale_fee_rate => 0.000000001);
SELECT tariff_rate FROM mvm_set_route(3, 1, tariff_rate => 0.000000001);
SELECT code, message, replace(detail, :'crumb', 'N') AS detail FROM outcome(format('SELECT mvm_buy(1, %s)', :crumb));
SELECT mvm_buy(1, :crumb);
SELECT mvm_reserve(1, :crumb);
SELECT mvm_buy(3, :crumb, 1, pay_from => ARRAY[1, 3]);
SELECT outcome, detail FROM mvm_buy_batch(ARRAY[1, 1], ARRAY[:crumb, :crumb], ARRAY[1, 2]);
SELECT amount, received_amount, fee, tariff FROM mvm_buy(3, :crumb, 2);
-- In the order of the checks: after the stock and the range, before the smallest amount, the limit and the balance.
SELECT min_amount FROM mvm_set_rules(1, min_amount => 5);
SELECT code FROM outcome(format('SELECT mvm_buy(1, %s, 1001)', :crumb));
SELECT code FROM outcome(format('SELECT mvm_buy(1, %s, 1, max_amount => 0.001)', :crumb));
SELECT code FROM outcome(format('SELECT mvm_buy(1, %s, 2, max_amount => 0.001)', :crumb));
SELECT min_amount FROM mvm_set_rules(1, min_amount => 0);
-- A wallet whose money the exchange's fee would take whole is left alone on the way to the one that pays.
SELECT id AS cent FROM mvm_create_user('cent', 3, 100) \gset
SELECT amount FROM mvm_deposit(:cent, 0.01, 1);
SELECT id AS rock FROM mvm_list_item(NULL, 'Rock', 3, 10, 3) \gset
SELECT amount, from_universe_id FROM mvm_buy(:cent, :rock, 1, pay_from => ARRAY[1, 3]);
SELECT universe_id, balance FROM mvm.wallets WHERE user_id = :cent ORDER BY 1;
-- A refund gives back to the last unit, in whatever portions.
SELECT id AS bread FROM mvm_list_item(2, 'Bread', 0.33, 1000, 1) \gset
SELECT sale_fee_rate FROM mvm_set_rules(1, sale_fee_rate => 0.07);
SELECT tariff_rate FROM mvm_set_route(3, 1, tariff_rate => 0.11);
SELECT exchange_rate FROM mvm_set_exchange_rate(3, 0.77);
SELECT id AS bought, amount, received_amount, fee, tariff FROM mvm_buy(3, :bread, 7) \gset
SELECT quantity, amount, received_amount, fee, tariff FROM mvm_refund(:bought, 3);
SELECT quantity, amount, received_amount, fee, tariff FROM mvm_refund(:bought, 1);
SELECT quantity, amount, received_amount, fee, tariff FROM mvm_refund(:bought);
SELECT sum(r.amount) = t.amount AS paid, sum(r.received_amount) = t.received_amount AS received, sum(r.fee) = t.fee AS fee,
    sum(r.tariff) = t.tariff AS tariff
FROM mvm.transactions t JOIN mvm.transactions r ON r.reference_id = t.id AND r.kind = 'refund'
WHERE t.id = :bought GROUP BY t.amount, t.received_amount, t.fee, t.tariff;
-- A capture of part is a purchase of that part: never above what was set aside, and refused where the fee takes all.
SELECT id AS hold, amount AS set_aside FROM mvm_reserve(3, :bread, 10) \gset
SELECT amount, amount <= :set_aside AS within, received_amount, fee, tariff FROM mvm_capture(:hold, 9);
SELECT id AS hold FROM mvm_reserve(1, :crumb, 3) \gset
SELECT mvm_capture(:hold, 1);
SELECT amount, received_amount, fee FROM mvm_capture(:hold, 2);
-- A hold of version 1.1 set aside a tariff rounded half-even, and asked for no fee that takes all: it is captured for that.
SELECT * FROM mvm_audit();
SELECT tariff_rate FROM mvm_set_route(3, 1, tariff_rate => 0.01);
SELECT exchange_rate FROM mvm_set_exchange_rate(3, 1);
SELECT sale_fee_rate FROM mvm_set_rules(1, sale_fee_rate => 0);
SELECT id AS hold, amount FROM mvm_reserve(3, :crumb, 3) \gset
SELECT :amount AS now_set_aside;
BEGIN;
ALTER TABLE mvm.journal DISABLE TRIGGER journal_append_only;
UPDATE mvm.journal SET paid_minor = 3, received_minor = 3 WHERE kind = 'h' AND reference_id = :hold;
ALTER TABLE mvm.journal ENABLE TRIGGER journal_append_only;
UPDATE mvm.hold SET paid_minor = 3 WHERE id = :hold;
UPDATE mvm.wallet SET balance_minor = balance_minor + 1 WHERE user_id = 3 AND universe_id = 3;
COMMIT;
SELECT * FROM mvm_audit();
SELECT amount, received_amount, tariff FROM mvm_capture(:hold);
SELECT id AS hold FROM mvm_reserve(1, :crumb, 1) \gset
UPDATE mvm.hold SET sale_fee_rate = 0.05 WHERE id = :hold;
SELECT amount, received_amount, fee FROM mvm_capture(:hold);
SELECT * FROM mvm_audit();
