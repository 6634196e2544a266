\set ECHO none
\getenv abs_srcdir PG_ABS_SRCDIR
\set prelude :abs_srcdir /prelude.sql
\i :prelude
\set ECHO all
-- Sequences that lie behind the ids in use, as on a logical replica. A real one is in tests/dba/logical_replica_test.sh.
SELECT sale_fee_rate FROM mvm_set_rules(2, sale_fee_rate => 0.05);
SELECT id FROM mvm_quote(1, 10, 1, 2, '5 minutes');
SELECT id FROM mvm_reserve(1, 1, 1);
-- Every sequence of the market is among them.
SELECT c.relname FROM pg_class c
WHERE c.relnamespace = 'mvm'::regnamespace AND c.relkind = 'S'
  AND NOT EXISTS (SELECT FROM mvm.sequence_position p WHERE p.sequence_name = c.relname);
SELECT * FROM mvm.sequence_position ORDER BY 1;
SELECT * FROM mvm_sync_sequences();
SELECT violations FROM mvm_audit_checkpoint();
-- One that nobody has drawn from would give 1.
SELECT setval(format('mvm.%I', sequence_name), 1, false) FROM mvm.sequence_position;
SELECT * FROM mvm_audit() ORDER BY subject;
SELECT * FROM mvm_audit(1) ORDER BY subject;
SELECT code FROM outcome('SELECT mvm_deposit(1, 1)');
SELECT * FROM mvm_sync_sequences();
SELECT * FROM mvm_audit();
SELECT * FROM mvm_sync_sequences();
SELECT id FROM mvm_deposit(1, 1);
SELECT id FROM mvm_create_universe('Next', 'NXT', 1);
SELECT id FROM mvm_create_user('next', 4);
SELECT id FROM mvm_list_item(4, 'Next', 1, 1);
SELECT id FROM mvm_quote(1, 10, 1, 2, '5 minutes');
SELECT id FROM mvm_reserve(1, 1, 1);
-- Never back.
SELECT setval('mvm.journal_id_seq', 1000);
SELECT * FROM mvm_sync_sequences();
SELECT id FROM mvm_deposit(1, 1);
-- Not what a replica that only reads can do.
BEGIN READ ONLY;
SELECT * FROM mvm_sync_sequences();
ROLLBACK;
SELECT * FROM mvm_audit();
