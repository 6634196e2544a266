-- :count purchases among the users and items of market.sql, in one batch: the same ones for the same :seed.
SELECT setseed(:seed / 1000000000.0) \g /dev/null
SELECT count(*) FILTER (WHERE outcome = 'ok') FROM (
    SELECT array_agg(1 + (item + floor(random() * (:users - 1))::bigint) % :users) AS buyer_ids,
        array_agg(item) AS item_ids, array_agg(1::bigint) AS quantities
    FROM (SELECT 1 + floor(random() * :items)::bigint AS item FROM generate_series(1, :count)) AS chosen
) AS orders, mvm_buy_batch(orders.buyer_ids, orders.item_ids, orders.quantities);
