\set ECHO none
\getenv abs_srcdir PG_ABS_SRCDIR
\set prelude :abs_srcdir /prelude.sql
\i :prelude
\set ECHO all
-- How long holds and quotes may live, and how many a user may have open: by default a day, five minutes and 100 of each.
SELECT id, max_hold_ttl, max_quote_ttl, max_open_holds, max_open_quotes FROM mvm.universes ORDER BY id;
SELECT state FROM mvm_reserve(1, 2, 1, '1 day');
SELECT mvm_reserve(1, 2, 1, '1 day 1 us');
SELECT state FROM mvm_quote(1, 1, 1, 2, '5 minutes');
SELECT mvm_quote(1, 1, 1, 2, '5 minutes 1 us');
-- The longest there may be is another thing.
SELECT code, detail FROM outcome($$SELECT mvm_reserve(1, 2, 1, '367 days')$$);
SELECT code, detail FROM outcome($$SELECT mvm_quote(1, 1, 1, 2, '0')$$);
-- The universe of the item rules holds, the universe that credits rules quotes; others' rules do not bind.
SELECT max_hold_ttl, max_quote_ttl, max_open_holds, max_open_quotes
FROM mvm_set_rules(2, max_hold_ttl => '2 months 90 minutes', max_quote_ttl => '1 hour', max_open_holds => 3, max_open_quotes => 2);
SELECT max_hold_ttl, max_open_holds FROM mvm_set_rules(1, max_hold_ttl => '1 minute', max_quote_ttl => '1 s', max_open_holds => 1);
SELECT expires_at - created_at AS lives FROM mvm_reserve(1, 2, 1, '60 days 90 minutes');
SELECT code, detail FROM outcome($$SELECT mvm_reserve(1, 2, 1, '60 days 91 minutes')$$);
SELECT expires_at - created_at AS lives FROM mvm_quote(1, 1, 1, 2, '1 hour');
SELECT code, detail FROM outcome($$SELECT mvm_quote(2, 1, 2, 1, '2 s')$$);
SELECT code, detail FROM outcome($$SELECT mvm_reserve(2, 1, 1, '61 s')$$);
-- A call that asks for no ttl is refused, too, where its own is too long.
SELECT code, detail FROM outcome('SELECT mvm_reserve(2, 1)');
-- As many as the universe allows, and one more.
SELECT state FROM mvm_reserve(1, 2, 1, '1 hour');
SELECT mvm_reserve(1, 2, 1, '1 hour');
SELECT mvm_quote(1, 1, 1, 2);
-- The limit is each user's own,
SELECT state FROM mvm_reserve(3, 2, 1, '1 hour');
SELECT state FROM mvm_quote(3, 1, 3, 2);
-- and each universe's.
SELECT state FROM mvm_reserve(1, 1, 1, '1 s');
SELECT state FROM mvm_quote(1, 1, 1, 3);
-- One that has ended makes room: captured, released, accepted.
SELECT quantity FROM mvm_capture(1);
SELECT id AS hold FROM mvm_reserve(1, 2, 1, '1 hour') \gset
SELECT code FROM outcome($$SELECT mvm_reserve(1, 2, 1, '1 hour')$$);
SELECT state FROM mvm_release(:hold);
SELECT amount FROM mvm_accept_quote(1);
SELECT amount FROM mvm_quote(1, 1, 1, 2, '20 ms');
SELECT amount FROM mvm_reserve(1, 2, 1, '20 ms');
-- So does one whose time is over, though nobody has released it.
SELECT pg_sleep(0.05);
SELECT state FROM mvm_reserve(1, 2, 1, '1 hour');
SELECT state FROM mvm_quote(1, 1, 1, 2, '1 hour');
SELECT code, detail FROM outcome($$SELECT mvm_reserve(1, 2, 1, '1 hour')$$);
SELECT code, detail FROM outcome('SELECT mvm_quote(1, 1, 1, 2)');
-- Last in the order of the checks: what a purchase or an exchange is refused with comes first, the ttl before the number.
SELECT code FROM outcome($$SELECT mvm_reserve(1, 2, 1000, '100 days')$$);
SELECT code, detail FROM outcome($$SELECT mvm_reserve(1, 2, 1, '100 days')$$);
SELECT code FROM outcome($$SELECT mvm_quote(1, 0.001, 1, 2, '100 days')$$);
SELECT code, detail FROM outcome($$SELECT mvm_quote(1, 1, 1, 2, '100 days')$$);
-- A repeat under a key is an answer, no new hold.
SELECT state FROM mvm_release((SELECT max(id) FROM mvm.holds WHERE buyer_id = 1 AND item_id = 2 AND state = 'active'));
SELECT id AS keyed FROM mvm_reserve(1, 2, 1, '1 hour', 'held') \gset
SELECT id = :keyed AS same FROM mvm_reserve(1, 2, 1, '1 hour', 'held');
-- A refused one leaves nothing, and a purchase is none.
SELECT code FROM outcome($$SELECT mvm_reserve(1, 2, 1, '1 hour', 'refused')$$);
SELECT count(*) FROM mvm.idempotency_key WHERE key = 'refused';
SELECT quantity FROM mvm_buy(1, 2);
-- None at all, and no bound.
SELECT max_open_holds, max_open_quotes FROM mvm_set_rules(3, max_open_holds => 0, max_open_quotes => 0);
SELECT code, detail FROM outcome('SELECT mvm_reserve(1, 3)');
SELECT code, detail FROM outcome('SELECT mvm_quote(1, 1, 1, 3)');
SELECT max_open_holds, max_open_quotes
FROM mvm_set_rules(3, max_open_holds => 9223372036854775807, max_open_quotes => 9223372036854775807);
SELECT state FROM mvm_reserve(1, 3);
SELECT count(mvm_quote(1, 1, 1, 3)) FROM generate_series(1, 101);
-- One statement is no way round.
SELECT max_open_quotes FROM mvm_set_rules(3, max_open_quotes => 104);
SELECT mvm_quote(1, 1, 1, 3), mvm_quote(1, 1, 1, 3), mvm_quote(1, 1, 1, 3);
SELECT count(*) FROM mvm.quotes WHERE user_id = 1 AND to_universe_id = 3 AND state = 'open';
-- Bad rules; what is null stays.
SELECT code, detail FROM outcome($$SELECT mvm_set_rules(1, max_hold_ttl => '0')$$);
SELECT code, detail FROM outcome($$SELECT mvm_set_rules(1, max_hold_ttl => '-1 s')$$);
SELECT code, detail FROM outcome($$SELECT mvm_set_rules(1, max_quote_ttl => '366 days 1 us')$$);
SELECT code, detail FROM outcome($$SELECT mvm_set_rules(1, max_quote_ttl => '13 months')$$);
SELECT code, detail FROM outcome('SELECT mvm_set_rules(1, max_open_holds => -1)');
SELECT code, detail FROM outcome('SELECT mvm_set_rules(1, max_open_quotes => -1)');
SELECT max_hold_ttl, max_quote_ttl, max_open_holds, max_open_quotes FROM mvm_set_rules(1);
SELECT max_hold_ttl FROM mvm_set_rules(1, max_hold_ttl => '366 days');
SELECT code, message FROM outcome($$UPDATE mvm.universe SET max_hold_ttl = '1 year 7 days'$$);
SELECT code, message FROM outcome('UPDATE mvm.universe SET max_open_quotes = -1');
SELECT id, max_hold_ttl, max_quote_ttl, max_open_holds, max_open_quotes FROM mvm_create_universe('New', 'NEW', 1);
SELECT universe_id, max_hold_ttl, max_quote_ttl, max_open_holds, max_open_quotes FROM mvm.rule_changes ORDER BY id;
SELECT * FROM mvm_audit();
