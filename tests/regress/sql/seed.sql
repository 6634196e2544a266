\set ECHO none
\getenv abs_srcdir PG_ABS_SRCDIR
\set prelude :abs_srcdir /prelude.sql
\i :prelude
\set ECHO all
-- The sample market.
SELECT id, name, currency_type, exchange_rate, currency_scale FROM mvm.universes ORDER BY id;
SELECT id, username, universe_id, balance FROM mvm.users ORDER BY id;
SELECT id, name, universe_id, seller_id, price, stock FROM mvm.items ORDER BY id;
SELECT user_id, universe_id, balance FROM mvm.wallets ORDER BY 1, 2;
SELECT id, kind, user_id, item_id, quantity, from_universe_id, to_universe_id, amount, received_amount
FROM mvm.transactions ORDER BY id;

-- Only into an empty market.
SELECT * FROM outcome('SELECT mvm_seed()');
SELECT count(*) FROM mvm.universes;
DROP EXTENSION mvm;
CREATE EXTENSION mvm;
SELECT id FROM mvm_create_universe('Alone', 'ALN', 1);
SELECT code, message FROM outcome('SELECT mvm_seed()');
SELECT name FROM mvm.universes;

-- A seed that is rolled back leaves the market empty, to be seeded again.
DROP EXTENSION mvm;
CREATE EXTENSION mvm;
BEGIN;
SELECT mvm_seed() IS NOT NULL AS loaded;
ROLLBACK;
SELECT count(*) FROM mvm.universes;
SELECT mvm_seed() IS NOT NULL AS loaded;
SELECT count(*) FROM mvm.items;
SELECT * FROM mvm_audit();
