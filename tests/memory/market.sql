-- As many sellers as buyers, and an item of each seller: the orders of a batch share no row. A purchase converts, as
-- its buyer lives next door; an exchange creates a wallet.
CREATE EXTENSION mvm;
SELECT count(mvm_create_universe(format('Universe %s', n), format('U%s', n), n)) FROM generate_series(1, 10) AS n;
SELECT count(mvm_create_user(format('trader %s', n), (1 + n % 10)::integer, 1000000))
FROM generate_series(1, 2 * :orders) AS n;
SELECT count(mvm_list_item(n, format('Item %s', n), 1, 1000000)) FROM generate_series(1, :orders) AS n;

-- The arguments of a batch, ready to be used.
CREATE TABLE public.batch AS
SELECT array_agg(:orders + n) AS buyer_ids, array_agg(1 + n % :orders) AS item_ids, array_agg(1::bigint) AS quantities,
    array_agg(:orders + n) AS user_ids, array_agg(1.5) AS amounts, array_agg((1 + (:orders + n) % 10)::integer) AS homes,
    array_agg((1 + (:orders + n + 1) % 10)::integer) AS others
FROM generate_series(1::bigint, :orders) AS n;
ANALYZE;

-- What autovacuum says of a table makes a backend read its definition anew, high up in its memory and at any moment: then
-- the kernel does not get back what lies below. That is no part of what a batch takes.
SELECT format('ALTER TABLE %s SET (autovacuum_enabled = off)', c.oid::regclass)
FROM pg_class c WHERE c.relkind = 'r' AND (c.relnamespace = 'mvm'::regnamespace OR c.oid = 'public.batch'::regclass) \gexec
