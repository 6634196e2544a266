-- Everything in this database that initdb did not make, by kind.
SELECT 'class ' || oid::regclass FROM pg_class WHERE oid >= 16384 ORDER BY 1;
SELECT 'procedure ' || oid::regprocedure FROM pg_proc WHERE oid >= 16384 ORDER BY 1;
SELECT 'type ' || oid::regtype FROM pg_type WHERE oid >= 16384 ORDER BY 1;
SELECT 'schema ' || nspname FROM pg_namespace WHERE oid >= 16384 ORDER BY 1;
SELECT 'extension ' || extname FROM pg_extension WHERE oid >= 16384 ORDER BY 1;
SELECT 'trigger ' || tgname FROM pg_trigger ORDER BY 1;
SELECT 'constraint ' || conname FROM pg_constraint WHERE oid >= 16384 ORDER BY 1;
SELECT 'initial privilege ' || objoid FROM pg_init_privs WHERE objoid >= 16384 ORDER BY 1;
SELECT 'description ' || objoid FROM pg_description WHERE objoid >= 16384 ORDER BY 1;
SELECT 'dependency ' || objid FROM pg_depend WHERE objid >= 16384 OR refobjid >= 16384 ORDER BY 1;
SELECT 'shared dependency ' || classid || ' ' || objid FROM pg_shdepend
WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY 1;
SELECT 'event trigger ' || evtname FROM pg_event_trigger ORDER BY 1;
