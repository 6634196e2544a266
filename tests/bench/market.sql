-- The benchmarks' market: :universes universes, :users users, :items items (at most as many as users), in an empty
-- market. User u lives in universe 1 + u % :universes; item i is sold by user i in the currency of their home, so every
-- purchase moves an item and two wallets, and with several universes most convert. Balances and stocks are so deep that
-- no run empties them: a refusal would be cheaper than a trade. All is journalled, so the audit is clean.
INSERT INTO mvm.universe (id, name, currency_type, exchange_rate, currency_scale)
SELECT id, format('Universe %s', id), format('U%s', id), (1 + id * 7919 % 9999) / 100.0, (ARRAY[2, 2, 2, 0, 3])[1 + id % 5]
FROM generate_series(1, :universes) AS id;

INSERT INTO mvm.user_account (id, universe_id, username)
SELECT id, 1 + id % :universes, format('trader_%s', id) FROM generate_series(1, :users) AS id;

INSERT INTO mvm.wallet (user_id, universe_id, balance_minor)
SELECT a.id, u.id, (1e10 * u.exchange_rate * 10::numeric ^ u.currency_scale)::bigint
FROM mvm.user_account a JOIN mvm.universe u ON u.id = a.universe_id ORDER BY a.id;

INSERT INTO mvm.journal (transaction_time, kind, user_id, from_universe_id, to_universe_id,
    paid_minor, received_minor, from_rate, to_rate)
SELECT clock_timestamp(), 'd', w.user_id, u.id, u.id, w.balance_minor, w.balance_minor, u.exchange_rate, u.exchange_rate
FROM mvm.wallet w JOIN mvm.universe u ON u.id = w.universe_id ORDER BY w.user_id;

-- Prices are worth 1 to 100 reference units.
INSERT INTO mvm.item (id, universe_id, seller_id, name, price_minor, stock)
SELECT a.id, u.id, a.id, format('Item %s', a.id),
    greatest(1, round((1 + a.id * 7919 % 100) * u.exchange_rate * 10::numeric ^ u.currency_scale))::bigint,
    1000000000000
FROM mvm.user_account a JOIN mvm.universe u ON u.id = a.universe_id
WHERE a.id <= :items ORDER BY a.id;

INSERT INTO mvm.journal (transaction_time, kind, user_id, item_id, quantity, from_universe_id, to_universe_id)
SELECT clock_timestamp(), 'l', seller_id, id, stock, universe_id, universe_id FROM mvm.item ORDER BY id;

SELECT setval('mvm.universe_id_seq', :universes), setval('mvm.user_account_id_seq', :users),
    setval('mvm.item_id_seq', :items);
SELECT mvm_relink_journal();
VACUUM (ANALYZE) mvm.universe, mvm.user_account, mvm.wallet, mvm.item, mvm.journal;
