-- :count more users, spread over all universes, each with an opening balance worth 1,000 to 10,999 reference units,
-- journalled as a deposit.
SET search_path = pg_catalog, pg_temp;
WITH home AS MATERIALIZED (
    SELECT id AS universe_id, exchange_rate, currency_scale, row_number() OVER (ORDER BY id) - 1 AS place
    FROM mvm.universe
),
new_user AS MATERIALIZED (
    SELECT new_id.id, nextval('mvm.journal_id_seq') AS journal_id, home.universe_id, home.exchange_rate,
        -- At least one minor unit, and far from the end of 64 bits whatever the rate.
        greatest(1, least(1e15, round(
            (1000 + new_id.id * 7919 % 10000) * home.exchange_rate * 10::numeric ^ home.currency_scale)))::bigint
            AS balance_minor
    FROM (SELECT nextval('mvm.user_account_id_seq') AS id FROM generate_series(1, :count)) AS new_id
    JOIN home ON home.place = new_id.id % (SELECT count(*) FROM home)
),
account AS (
    INSERT INTO mvm.user_account (id, universe_id, username)
    SELECT id, universe_id, format('trader_%s', id) FROM new_user
),
wallet AS (
    INSERT INTO mvm.wallet (user_id, universe_id, balance_minor, last_journal_id)
    SELECT id, universe_id, balance_minor, journal_id FROM new_user
)
INSERT INTO mvm.journal (id, transaction_time, kind, user_id, from_universe_id, to_universe_id,
    paid_minor, received_minor, from_rate, to_rate, to_previous_id)
SELECT journal_id, clock_timestamp(), 'd', id, universe_id, universe_id, balance_minor, balance_minor, exchange_rate,
    exchange_rate, 0
FROM new_user;
