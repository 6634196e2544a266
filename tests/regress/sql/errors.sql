\set ECHO none
\getenv abs_srcdir PG_ABS_SRCDIR
\set prelude :abs_srcdir /prelude.sql
\i :prelude
\set ECHO all
-- Every refusal of the contract that version 1.0 can make, with its SQLSTATE,
-- message and DETAIL.
\pset format unaligned
SELECT o.* FROM outcome($$SELECT mvm_buy(999, 1)$$) o;
SELECT o.* FROM outcome($$SELECT mvm_exchange(999, 1, 1, 2)$$) o;
SELECT o.* FROM outcome($$SELECT mvm_buy(1, 999)$$) o;
SELECT o.* FROM outcome($$SELECT mvm_exchange(1, 1, 999, 2)$$) o;
SELECT o.* FROM outcome($$SELECT mvm_exchange(1, 1, 1, 998)$$) o;
SELECT o.* FROM outcome($$SELECT mvm_exchange(1, 1000.01, 1, 2)$$) o;
SELECT o.* FROM outcome($$SELECT mvm_withdraw(1, 1000.01)$$) o;
SELECT o.* FROM outcome($$SELECT mvm_buy(3, 3, 51)$$) o;
SELECT o.* FROM outcome($$SELECT mvm_buy(1, 2, 51)$$) o;
SELECT o.* FROM outcome($$SELECT mvm_exchange(1, 1, 1, 1)$$) o;
SELECT price FROM mvm_list_item(1, 'Own', 1, 1);
SELECT o.* FROM outcome($$SELECT mvm_buy(1, 4)$$) o;
SELECT o.* FROM outcome($$SELECT mvm_deposit(1, 0)$$) o;
SELECT o.* FROM outcome($$SELECT mvm_deposit(1, 'NaN')$$) o;
SELECT o.* FROM outcome($$SELECT mvm_deposit(1, 'Infinity')$$) o;
SELECT o.* FROM outcome($$SELECT mvm_deposit(1, 0.001)$$) o;
SELECT o.* FROM outcome($$SELECT mvm_buy(1, 1, 0)$$) o;
SELECT o.* FROM outcome($$SELECT mvm_list_item(1, 'x', 1, -5)$$) o;
SELECT o.* FROM outcome($$SELECT mvm_create_user('', 1)$$) o;
SELECT o.* FROM outcome($$SELECT mvm_create_universe('X', 'X', 1, 10)$$) o;
SELECT o.* FROM outcome($$SELECT mvm_buy(NULL, 1)$$) o;
SELECT o.* FROM outcome($$SELECT mvm_deposit(1, 92233720368547758.08)$$) o;
SELECT o.* FROM outcome($$SELECT mvm_deposit(1, 92233720368547758)$$) o;
SELECT o.* FROM outcome($$SELECT mvm_create_user('john_earth', 1)$$) o;
SELECT o.* FROM outcome($$SELECT mvm_create_universe('Earth', 'X', 1)$$) o;
SELECT o.* FROM outcome($$SELECT mvm_seed()$$) o;
SELECT amount FROM mvm_deposit(1, 1, NULL, 'key');
SELECT o.* FROM outcome($$SELECT mvm_deposit(1, 2, NULL, 'key')$$) o;
SELECT o.* FROM outcome($$SELECT mvm_grant('nobody_of_this_name', 'reader')$$) o;
\pset format aligned
-- As psql users see one.
SELECT mvm_exchange(1, 5000, 1, 2);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM mvm_audit();
