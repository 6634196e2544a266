\set ECHO none
\getenv abs_srcdir PG_ABS_SRCDIR
\set prelude :abs_srcdir /prelude.sql
\i :prelude
\set ECHO all
-- What holds past their time keep is released where it is missing, and no more of it. Expires the holds that are active.
CREATE PROCEDURE expire() LANGUAGE sql AS $$
    UPDATE mvm.hold SET created_at = '2000-01-01', expires_at = '2000-01-02' WHERE state = 'a'
$$;
CREATE VIEW kept AS SELECT buyer_id, item_id, from_universe_id AS universe_id, quantity, paid_minor FROM mvm.hold WHERE state = 'a' ORDER BY id;
SELECT id FROM mvm_list_item(NULL, 'Ten pieces', 10, 10, 1);
SELECT count(mvm_reserve(1, 4, 2)), count(mvm_reserve(2, 4, 3)), count(mvm_reserve(3, 4, 2)), count(mvm_reserve(1, 2, 5));
CALL expire();
-- Nothing is missing: nothing is released.
SELECT quantity FROM mvm_buy(3, 4, 3);
SELECT count(*) FROM kept;
-- Of a piece that is missing, the hold that expired first, with the smaller id of two.
SELECT quantity FROM mvm_buy(3, 4, 1);
TABLE kept;
SELECT kind, user_id, quantity, amount FROM mvm.transactions ORDER BY id DESC LIMIT 2;
-- A refused purchase releases nothing, alone and in a batch, whatever it is refused for.
SELECT code, detail FROM outcome('SELECT mvm_buy(3, 4, 7)');
SELECT outcome, detail FROM mvm_buy_batch('{3,3,3}', '{4,4,4}', '{7,6,2}', max_amounts => '{NULL,1,1}');
SELECT count(*) FROM kept;
SELECT code FROM outcome('SELECT mvm_withdraw(1, 1001)');
SELECT count(*) FROM kept;
-- A batch releases what its orders take, each in its turn.
SELECT outcome, quantity, detail FROM mvm_buy_batch('{3,3,3,3}', '{4,4,4,4}', '{3,4,2,1}');
SELECT kind, user_id, quantity FROM mvm.transactions ORDER BY id DESC LIMIT 4;
TABLE kept;
SELECT * FROM mvm_audit();
-- Money: of the wallet that pays alone, as much as is missing.
SELECT mvm_balance(1), balance_minor FROM mvm.wallet WHERE user_id = 1;
SELECT mvm_sweep_holds();
SELECT count(mvm_reserve(1, 1, 20)), count(mvm_reserve(1, 1, 30)), count(mvm_deposit(1, 100, 2));
SELECT universe_id FROM mvm_move_user(1, 2);
SELECT count(mvm_reserve(1, 2, 10));
SELECT universe_id FROM mvm_move_user(1, 1);
CALL expire();
TABLE kept;
SELECT amount FROM mvm_withdraw(1, 760);
TABLE kept;
SELECT converted_amount FROM mvm_exchange(1, 20, 1, 3);
SELECT count(*) FROM kept;
SELECT code, detail FROM outcome('SELECT mvm_transfer(1, 2, 1000)');
SELECT amount FROM mvm_transfer(1, 2, (SELECT mvm_balance(1)));
TABLE kept;
SELECT mvm_balance(1), mvm_balance(1, 2);
-- With several wallets: those of the one that pays before those of the wallets whose money is exchanged into it.
SELECT id FROM mvm_list_item(NULL, 'Dear', 100, 10, 1);
SELECT id FROM mvm_create_user('payer', 1, 60);
SELECT count(mvm_deposit(4, 150, 2)), count(mvm_reserve(4, 1, 12)), count(mvm_move_user(4, 2)), count(mvm_reserve(4, 2, 15));
CALL expire();
SELECT * FROM kept WHERE buyer_id = 4;
SELECT code, detail FROM outcome('SELECT mvm_buy(4, 5, 2, pay_from => ''{1,2}'')');
SELECT count(*) FROM kept WHERE buyer_id = 4;
SELECT code FROM outcome('SELECT mvm_buy(4, 5, pay_from => ''{1}'')');
SELECT amount, from_universe_id FROM mvm_buy(4, 5, pay_from => '{1,2}');
SELECT kind, from_universe_id, to_universe_id, amount, received_amount FROM mvm.transactions ORDER BY id DESC LIMIT 4;
SELECT count(*) FROM kept WHERE buyer_id = 4;
SELECT count(mvm_withdraw(4, mvm_balance(4, 2), 2)), count(mvm_deposit(4, 60, 1)), count(mvm_move_user(4, 1));
SELECT count(mvm_reserve(4, 1, 2)), count(mvm_reserve(4, 1, 10));
CALL expire();
SELECT amount, from_universe_id FROM mvm_buy(4, 1, pay_from => '{1,2}');
SELECT quantity FROM kept WHERE buyer_id = 4;
SELECT * FROM mvm_audit();
-- One order looks at 256 holds, the next one at the next; the sweep at all.
UPDATE mvm.universe SET max_open_holds = 1000;
SELECT id AS many FROM mvm_list_item(NULL, 'Many', 0.01, 600, 1) \gset
SELECT id AS holder FROM mvm_create_user('holder', 1, 100) \gset
SELECT count(mvm_reserve(:holder, :many, 1)) FROM generate_series(1, 600);
CALL expire();
SELECT code, detail FROM outcome(format('SELECT mvm_buy(2, %s, 257)', :many));
SELECT quantity FROM mvm_buy(2, :many, 256);
SELECT outcome, quantity FROM mvm_buy_batch('{2,2,2}', ARRAY[:many, :many, :many], '{257,256,88}');
SELECT count(*) FROM kept WHERE item_id = :many;
SELECT balance_minor, version FROM mvm.wallet WHERE user_id = :holder;
SELECT amount FROM mvm_withdraw(:holder, (SELECT mvm_balance(:holder)));
SELECT * FROM mvm_audit();
-- The money of 300 holds in one call leaves snapshots of the balance, and statements that add up.
SELECT count(mvm_restock(:many, 300)), count(mvm_deposit(:holder, 3));
SELECT count(mvm_reserve(:holder, :many, 1)) FROM generate_series(1, 300);
CALL expire();
SELECT amount FROM mvm_withdraw(:holder, 2.56);
SELECT mvm_sweep_holds(10), mvm_sweep_holds(), mvm_sweep_holds();
SELECT count(*) > 12 AS has_snapshots FROM mvm.balance_snapshot WHERE user_id = :holder;
SELECT kind, balance FROM mvm_statement(:holder, 1, '-infinity', 'infinity', 100000) WHERE kind IN ('opening', 'closing');
SELECT mvm_balance(:holder), (SELECT stock FROM mvm.items WHERE id = :many);
SELECT * FROM mvm_audit();
-- A hold that was given to somebody without such a wallet is passed over.
SELECT count(mvm_reserve(2, :many, 2)), count(mvm_reserve(2, :many, 2)) FROM mvm_move_user(2, 2);
SELECT count(mvm_reserve(2, :many, (SELECT stock FROM mvm.items WHERE id = :many)));
CALL expire();
UPDATE mvm.hold SET buyer_id = :holder WHERE id = (SELECT min(id) FROM mvm.hold WHERE state = 'a' AND item_id = :many);
SELECT quantity FROM mvm_buy(3, :many, 1);
SELECT buyer_id = :holder AS given_away, quantity FROM kept WHERE item_id = :many;
-- The library of 1.2 does the same in a market of 1.1, whose indexes are others.
DROP EXTENSION mvm CASCADE;
CREATE EXTENSION mvm VERSION '1.1';
SELECT count(mvm_seed());
CREATE VIEW kept AS SELECT buyer_id, item_id, from_universe_id AS universe_id, quantity, paid_minor FROM mvm.hold WHERE state = 'a' ORDER BY id;
SELECT id FROM mvm_list_item(NULL, 'Ten pieces', 10, 10, 1);
SELECT count(mvm_reserve(2, 4, 5)), count(mvm_reserve(1, 4, 4)), count(mvm_reserve(1, 1, 90));
UPDATE mvm.hold SET created_at = '2000-01-01', expires_at = timestamptz '2000-01-03' - id * interval '1 hour';
SELECT quantity FROM mvm_buy(3, 4, 2);
TABLE kept;
SELECT amount FROM mvm_withdraw(1, 600);
TABLE kept;
SELECT mvm_sweep_holds();
SELECT * FROM mvm_audit();
