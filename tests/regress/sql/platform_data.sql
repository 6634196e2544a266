\set ECHO none
\getenv abs_srcdir PG_ABS_SRCDIR
\set prelude :abs_srcdir /prelude.sql
\i :prelude
\set ECHO all
-- A platform's own key and data of a user, at the end of what is answered and of the view.
SELECT * FROM mvm_create_user('ann', 1, 5, external_id => 'P-1', metadata => '{"tier": "gold", "tags": [1, null]}');
SELECT * FROM mvm_create_user('bob', 1);
SELECT * FROM mvm.users WHERE id > 3 ORDER BY id;
-- ... and of an item.
SELECT * FROM mvm_list_item(4, 'Pen', 2, 10, external_id => 'SKU 1', metadata => '{}');
SELECT * FROM mvm_list_item(NULL, 'Cap', 2, 10, 1, 'SKU 2');
SELECT * FROM mvm.items WHERE id > 3 ORDER BY id;
-- The key is unique among users, and among items; there can be any number without.
SELECT code, message, detail FROM outcome($$SELECT mvm_create_user('eve', 1, 0, 'P-1')$$);
SELECT code, detail FROM outcome($$SELECT mvm_list_item(4, 'Pen', 2, 10, NULL, 'SKU 1')$$);
SELECT external_id FROM mvm_list_item(4, 'Pen', 2, 10, NULL, 'P-1');
SELECT code, detail FROM outcome($$SELECT mvm_create_user('ann', 1, 0, 'P-1')$$);
-- A refusal draws no id.
SELECT id FROM mvm_create_user('cid', 1);
SELECT id FROM mvm_list_item(4, 'Ink', 2, 10);
-- 1 to 255 characters, kept as given: case and blanks count.
SELECT char_length(external_id), octet_length(external_id) FROM mvm_create_user('dan', 1, 0, repeat('é', 255));
SELECT code, message, detail FROM outcome($$SELECT mvm_create_user('eve', 1, 0, repeat('x', 256))$$);
SELECT code, detail FROM outcome($$SELECT mvm_create_user('eve', 1, 0, '')$$);
SELECT code, detail FROM outcome($$SELECT mvm_list_item(4, 'Pen', 2, 10, NULL, '')$$);
SELECT external_id FROM mvm_create_user('eve', 1, 0, 'p-1');
SELECT external_id || '|' FROM mvm_create_user('fay', 1, 0, 'P-1 ');
-- Metadata is a JSON object of at most 8192 bytes as text.
SELECT code, message, detail FROM outcome($$SELECT mvm_create_user('gus', 1, metadata => '[]')$$);
SELECT code, detail FROM outcome($$SELECT mvm_create_user('gus', 1, metadata => 'null')$$);
SELECT code, detail FROM outcome($$SELECT mvm_list_item(4, 'Pen', 2, 10, metadata => '"text"')$$);
SELECT octet_length(metadata::text) FROM mvm_create_user('gus', 1, metadata => jsonb_build_object('a', repeat('x', 8192 - 9)));
SELECT code, detail FROM outcome($$SELECT mvm_create_user('hal', 1, metadata => jsonb_build_object('a', repeat('x', 8192 - 8)))$$);
-- The bytes are those that PostgreSQL prints: escapes, separators, all digits of a number.
SELECT '{"a": [1, 2.50, true, false, null, {"b": {}}, []], "": "\u00fc\"\\\n\u0001", "n": 1e20}'::jsonb AS shape \gset
SELECT jsonb_build_object('shape', :'shape'::jsonb, 'pad', repeat('x', 8192 - octet_length(jsonb_build_object('shape', :'shape'::jsonb, 'pad', '')::text))) AS fits \gset
SELECT octet_length(metadata::text) FROM mvm_set_user_data(1, metadata => :'fits');
SELECT code, detail FROM outcome(format('SELECT mvm_set_user_data(1, metadata => %L)', replace(:'fits', 'xxx', 'xxxx')));
SELECT code, detail FROM outcome(format('SELECT mvm_set_user_data(1, metadata => %L)', regexp_replace(:'fits', 'x', 'xx')));
SELECT code, detail FROM outcome($$SELECT mvm_create_user('hal', 1, metadata => '{"a": 1e131071}')$$);
SELECT code, detail FROM outcome(format($$SELECT mvm_create_user('hal', 1, metadata => '{"a": [%s]}')$$, repeat('1e131071, ', 5000) || '1'));
-- The tables hold to it, too.
SELECT code, message FROM outcome($$UPDATE mvm.user_account SET external_id = '' WHERE id = 1$$);
SELECT code, message FROM outcome($$UPDATE mvm.item SET metadata = '1' WHERE id = 1$$);
-- In the order of docs/rules.md.
SELECT code, detail FROM outcome($$SELECT mvm_create_user(' ', 1, -1, '', '[]')$$);
SELECT code, detail FROM outcome($$SELECT mvm_create_user('hal', 1, -1, '', '[]')$$);
SELECT code, detail FROM outcome($$SELECT mvm_create_user('hal', 99, -1, 'P-1', '[]')$$);
SELECT code, detail FROM outcome($$SELECT mvm_create_user('hal', 99, -1, 'P-1')$$);
SELECT code, detail FROM outcome($$SELECT mvm_create_user('hal', 99, 0, 'P-1')$$);
-- Changing: what is null stays, no characters and JSON's null take away.
SELECT * FROM mvm_set_user_data(5, 'P-5', '{"a": 1}');
SELECT * FROM mvm_set_user_data(5);
SELECT * FROM mvm_set_user_data(5, external_id => 'P-55');
SELECT * FROM mvm_set_user_data(5, metadata => '{"a": 2}');
SELECT * FROM mvm_set_user_data(5, '', 'null');
SELECT version FROM mvm.user_account WHERE id = 5;
SELECT * FROM mvm_set_item_data(5, 'SKU 5', '{"a": 1}');
SELECT * FROM mvm_set_item_data(5);
SELECT * FROM mvm_set_item_data(5, metadata => 'null');
SELECT * FROM mvm_set_item_data(5, '');
SELECT version FROM mvm.item WHERE id = 5;
-- A key may be given again to the one that has it, or by the one that gave it up.
SELECT external_id FROM mvm_set_user_data(4, 'P-1');
SELECT code, message, detail FROM outcome($$SELECT mvm_set_user_data(5, 'P-1')$$);
SELECT external_id IS NULL AS without, metadata FROM mvm_set_user_data(4, '');
SELECT external_id FROM mvm_set_user_data(5, 'P-1');
SELECT code, detail FROM outcome($$SELECT mvm_set_item_data(5, 'SKU 1')$$);
SELECT code, detail FROM outcome($$SELECT mvm_set_user_data(99, 'P-1')$$);
SELECT code, detail FROM outcome($$SELECT mvm_set_item_data(99, 'SKU 1')$$);
SELECT code, detail FROM outcome($$SELECT mvm_set_user_data(NULL)$$);
SELECT code, detail FROM outcome($$SELECT mvm_set_item_data(NULL)$$);
SELECT code, detail FROM outcome($$SELECT mvm_set_user_data(99, repeat('x', 256))$$);
SELECT code, detail FROM outcome($$SELECT mvm_set_item_data(99, metadata => '1')$$);
-- Finding: by one key, no row when there is none.
SELECT id, username, external_id FROM mvm_find_user('ann');
SELECT id, username, external_id FROM mvm_find_user(external_id => 'P-1');
SELECT count(*) FROM mvm_find_user('nobody');
SELECT count(*) FROM mvm_find_user(external_id => 'nobody');
SELECT code, message, detail FROM outcome('SELECT mvm_find_user()');
SELECT code, detail FROM outcome($$SELECT mvm_find_user('ann', 'P-1')$$);
SELECT id, name, stock, external_id FROM mvm_find_item('SKU 1');
SELECT listed FROM mvm_delist_item(4);
SELECT id, listed FROM mvm_find_item('SKU 1');
SELECT count(*) FROM mvm_find_item('nothing');
SELECT code, detail FROM outcome('SELECT mvm_find_item(NULL)');
SELECT listed FROM mvm_relist_item(4);
-- What is found is what the views show, also of a hold past its time.
SELECT quantity FROM mvm_reserve(3, 4, 2, interval '1 microsecond');
SELECT pg_sleep(0.01);
SELECT balance, (SELECT f FROM mvm_find_user('venus_trader') f)::text = u::text AS same FROM mvm.users u WHERE username = 'venus_trader';
SELECT stock, (SELECT f FROM mvm_find_item('SKU 1') f)::text = i::text AS same FROM mvm.items i WHERE external_id = 'SKU 1';
-- Metadata that is stored apart goes along with every change of its row, in single calls and batches.
SELECT external_id, md5(metadata::text) AS before
FROM mvm_set_item_data(1, 'big', (SELECT jsonb_object_agg(n, md5(n::text)) FROM generate_series(1, 150) n)) \gset
SELECT md5(metadata::text) = :'before' AS whole FROM mvm_set_price(1, 6);
SELECT quantity FROM mvm_buy(1, 1, 3);
SELECT outcome FROM mvm_buy_batch('{1,2}', '{1,1}', '{1,1}');
SELECT quantity FROM mvm_restock(1, 5);
SELECT stock, external_id, md5(metadata::text) = :'before' AS whole FROM mvm.items WHERE id = 1;
SELECT external_id, md5(metadata::text) = :'before' AS whole FROM mvm_find_item('big');
SELECT universe_id, external_id, metadata FROM mvm_move_user(4, 2);
-- The views find by a key through its index.
CREATE FUNCTION index_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS off) ' || statement LOOP
        IF line ~ 'Index Scan using (user_account|item)_' THEN
            RETURN substring(line FROM 'using (\S+)');
        END IF;
    END LOOP;
    RETURN 'none';
END $$;
SET enable_seqscan = off;
SELECT index_of($$SELECT * FROM mvm.users WHERE username = 'ann'$$), index_of($$SELECT * FROM mvm.users WHERE external_id = 'P-1'$$),
    index_of($$SELECT * FROM mvm.items WHERE external_id = 'SKU 1'$$);
RESET enable_seqscan;
DROP FUNCTION index_of;
-- Purchases stay heap-only updates of an item that has a key and data.
SELECT external_id FROM mvm_set_item_data(2, 'hot', '{"a": 1}');
BEGIN;
SELECT pg_stat_get_xact_tuples_updated('mvm.item'::regclass) AS updated, pg_stat_get_xact_tuples_hot_updated('mvm.item'::regclass) AS hot \gset
SELECT quantity FROM mvm_buy(2, 2, 1);
SELECT quantity FROM mvm_buy(2, 2, 2);
SELECT pg_stat_get_xact_tuples_updated('mvm.item'::regclass) - :updated AS updated, pg_stat_get_xact_tuples_hot_updated('mvm.item'::regclass) - :hot AS hot;
COMMIT;
SELECT * FROM mvm_audit();
