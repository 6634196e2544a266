-- :count more items, spread over all universes; every other one is sold by a user who lives there (if one does), the
-- rest by the treasury. Prices are worth 1 to 100 reference units, stocks are 100 to 1,099, journalled as listings.
SET search_path = pg_catalog, pg_temp;
WITH place AS MATERIALIZED (
    SELECT id AS universe_id, exchange_rate, currency_scale, row_number() OVER (ORDER BY id) - 1 AS place
    FROM mvm.universe
),
resident AS MATERIALIZED (
    SELECT universe_id, id, row_number() OVER (PARTITION BY universe_id ORDER BY id) - 1 AS place,
        count(*) OVER (PARTITION BY universe_id) AS residents
    FROM mvm.user_account
),
population AS MATERIALIZED (
    SELECT universe_id, max(residents) AS residents FROM resident GROUP BY universe_id
),
new_id AS MATERIALIZED (
    SELECT nextval('mvm.item_id_seq') AS id FROM generate_series(1, :count)
),
new_item AS MATERIALIZED (
    SELECT new_id.id, place.universe_id, resident.id AS seller_id, 100 + new_id.id * 104729 % 1000 AS stock,
        greatest(1, least(1e15, round(
            (1 + new_id.id * 7919 % 100) * place.exchange_rate * 10::numeric ^ place.currency_scale)))::bigint
            AS price_minor
    FROM new_id
    JOIN place ON place.place = new_id.id % (SELECT count(*) FROM place)
    LEFT JOIN population ON population.universe_id = place.universe_id
    LEFT JOIN resident ON resident.universe_id = place.universe_id
        -- Counted in rounds over the universes, so that parity and universe have nothing to do with each other.
        AND new_id.id / (SELECT count(*) FROM place) % 2 = 0
        AND resident.place = new_id.id / (SELECT count(*) FROM place) / 2 % population.residents
),
listed AS (
    INSERT INTO mvm.item (id, universe_id, seller_id, name, price_minor, stock)
    SELECT id, universe_id, seller_id, format('Item %s', id), price_minor, stock FROM new_item
)
INSERT INTO mvm.journal (transaction_time, kind, user_id, item_id, quantity, from_universe_id, to_universe_id)
SELECT clock_timestamp(), 'l', seller_id, id, stock, universe_id, universe_id
FROM new_item;
