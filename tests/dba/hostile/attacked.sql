-- What an unsuspecting superuser does.
CREATE EXTENSION mvm VERSION '1.0';
SELECT mvm_seed();
SELECT mvm_grant('mvm_hostile_trader', 'trader');
SELECT mvm_buy(1, 1);
TABLE mvm.users;
ALTER EXTENSION mvm UPDATE TO '1.1';
TABLE mvm.users;
TABLE mvm.wallets;
TABLE mvm.items;
ALTER EXTENSION mvm UPDATE TO '1.0';
ALTER EXTENSION mvm UPDATE TO '1.1';
SELECT mvm_buy(1, 1);
SELECT mvm_exchange(1, 10, 1, 2);
SELECT mvm_set_exchange_rate(2, 2.75);
SELECT mvm_set_rules(2, sale_fee_rate => 0.05);
SELECT mvm_set_route(1, 2, true, 0.1);
SELECT mvm_reserve(1, 1, 1, '1 hour');
\set ON_ERROR_STOP off
ALTER EXTENSION mvm UPDATE TO '1.0'; -- refused: the market uses 1.1
\set ON_ERROR_STOP on
ALTER EXTENSION mvm UPDATE TO '1.2';
SELECT mvm_buy(1, 1);
SELECT mvm_set_route(1, 2, true, 0.2);
TABLE mvm.universes;
TABLE mvm.users;
TABLE mvm.wallets;
TABLE mvm.items;
TABLE mvm.transactions;
TABLE mvm.ledger;
SELECT mvm_audit_checkpoint();
ALTER EXTENSION mvm UPDATE TO '1.1';
ALTER EXTENSION mvm UPDATE TO '1.2';
