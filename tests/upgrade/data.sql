-- A line per table of :version with a hash of its rows in the columns of that version, and one per sequence.
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
SELECT :'version'::numeric > 1.0 AS has_1_1 \gset
\if :has_1_1
SELECT relation, pg_temp.content(relation, columns)
FROM (VALUES
    ('mvm.universe'::regclass, 'id, trade_open, exchange_open, sale_fee_rate, exchange_fee_rate, min_amount_minor, max_amount_minor, '
        'max_quantity, routed, first_rate_id'),
    ('mvm.item', 'id, listed'),
    ('mvm.journal', 'id, fee_minor, tariff_minor, reference_id'),
    ('mvm.route', '*'),
    ('mvm.rule_change', 'id, changed_at, changed_by, universe_id, to_universe_id, trade_open, exchange_open, sale_fee_rate, '
        'exchange_fee_rate, min_amount_minor, max_amount_minor, max_quantity, allowed, tariff_rate'),
    ('mvm.price_change', '*'),
    ('mvm.refund', '*'),
    ('mvm.quote', '*'),
    ('mvm.hold', '*'),
    ('mvm.exchange_rate_change', '*'),
    ('mvm.balance_snapshot', 'user_id, before_id, balance_minor, taken_at, universe_id')
) AS t(relation, columns);
SELECT last_value, is_called FROM mvm.rule_change_id_seq;
SELECT last_value, is_called FROM mvm.quote_id_seq;
SELECT last_value, is_called FROM mvm.hold_id_seq;
SELECT last_value, is_called FROM mvm.exchange_rate_change_id_seq;
\endif
SELECT last_value, is_called FROM mvm.universe_id_seq;
SELECT last_value, is_called FROM mvm.user_account_id_seq;
SELECT last_value, is_called FROM mvm.item_id_seq;
SELECT last_value, is_called FROM mvm.journal_id_seq;
