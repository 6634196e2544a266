-- A line per table of 1.0 with a hash of its rows in the columns of 1.0, and one per sequence.
CREATE FUNCTION pg_temp.content(relation regclass, columns text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
BEGIN
    EXECUTE format('SELECT count(*) || '' rows '' || md5(string_agg(r::text, E''\n'' ORDER BY r::text COLLATE "C"))
        FROM (SELECT %s FROM %s) r', columns, relation) INTO answer;
    RETURN answer;
END $$;
SELECT relation, pg_temp.content(relation, columns)
FROM (VALUES
    ('mvm.universe'::regclass, 'id, currency_scale, version, exchange_rate, name, currency_type'),
    ('mvm.user_account', 'id, version, universe_id, username'),
    ('mvm.wallet', 'user_id, balance_minor, version, universe_id'),
    ('mvm.item', 'id, seller_id, price_minor, stock, version, universe_id, name'),
    ('mvm.journal', 'id, transaction_time, user_id, counterparty_id, item_id, quantity, paid_minor, received_minor, '
        'from_universe_id, to_universe_id, kind, from_rate, to_rate, idempotency_key'),
    ('mvm.idempotency_key', 'user_id, transaction_id, created_at, key, request, refusal, refusal_detail'),
    ('mvm.ledger', 'transaction_id, account, user_id, universe_id, amount, transaction_time'),
    ('mvm.trades', 'id, buyer_id, seller_id, item_id, amount, quantity, from_universe_id, to_universe_id, transaction_time, '
        'received_amount, exchange_rate, idempotency_key')
) AS t(relation, columns);
SELECT last_value, is_called FROM mvm.universe_id_seq;
SELECT last_value, is_called FROM mvm.user_account_id_seq;
SELECT last_value, is_called FROM mvm.item_id_seq;
SELECT last_value, is_called FROM mvm.journal_id_seq;
