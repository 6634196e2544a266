-- :count more universes. Rates run from 0.01 to 99.99 units per reference unit; most currencies have two decimals,
-- some none and some three.
SET search_path = pg_catalog, pg_temp;
INSERT INTO mvm.universe (id, name, currency_type, exchange_rate, currency_scale)
SELECT
    id,
    format('Universe %s', id),
    format('U%s', id),
    (1 + id::bigint * 7919 % 9999) / 100.0,
    (ARRAY[2, 2, 2, 0, 3])[1 + id % 5]
FROM (SELECT nextval('mvm.universe_id_seq') AS id FROM generate_series(1, :count)) AS new_id;
