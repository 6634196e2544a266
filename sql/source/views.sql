-- What people read: amounts are numeric, in the currency of the universe that is named.

CREATE VIEW mvm.universes AS
SELECT
    u.id,
    u.name,
    u.currency_type,
    u.exchange_rate,
    u.currency_scale::integer AS currency_scale,
    u.version,
    u.trade_open,
    u.exchange_open,
    COALESCE(u.sale_fee_rate, 0) AS sale_fee_rate,
    COALESCE(u.exchange_fee_rate, 0) AS exchange_fee_rate,
    mvm.amount(u.min_amount_minor, u.currency_scale) AS min_amount,
    mvm.amount(u.max_amount_minor, u.currency_scale) AS max_amount,
    u.max_quantity,
    u.max_hold_ttl,
    u.max_quote_ttl,
    u.max_open_holds,
    u.max_open_quotes
FROM mvm.universe u;
COMMENT ON VIEW mvm.universes IS 'Universes with their currency, exchange rate and trading rules; a bound that is null does not bind';

CREATE VIEW mvm.exchange_rates AS
SELECT
    c.universe_id,
    c.exchange_rate,
    c.valid_from,
    pg_catalog.lead(c.valid_from) OVER (PARTITION BY c.universe_id ORDER BY c.valid_from, c.id) AS valid_to
FROM mvm.exchange_rate_change c;
COMMENT ON VIEW mvm.exchange_rates IS
    'Every exchange rate that a universe has had: it held from valid_from until before valid_to, null is until now; valid_from -infinity: since before the history began';

CREATE VIEW mvm.routes AS
SELECT r.from_universe_id, r.to_universe_id, r.allowed, COALESCE(r.tariff_rate, 0) AS tariff_rate
FROM mvm.route r;
COMMENT ON VIEW mvm.routes IS 'Rules between two universes; where there is no row, all is allowed and free';

CREATE VIEW mvm.rule_changes AS
SELECT
    c.id,
    c.changed_at,
    c.changed_by,
    c.universe_id,
    c.to_universe_id,
    c.trade_open,
    c.exchange_open,
    CASE WHEN c.to_universe_id IS NULL THEN COALESCE(c.sale_fee_rate, 0) END AS sale_fee_rate,
    CASE WHEN c.to_universe_id IS NULL THEN COALESCE(c.exchange_fee_rate, 0) END AS exchange_fee_rate,
    mvm.amount(c.min_amount_minor, u.currency_scale) AS min_amount,
    mvm.amount(c.max_amount_minor, u.currency_scale) AS max_amount,
    c.max_quantity,
    c.allowed,
    CASE WHEN c.to_universe_id IS NOT NULL THEN COALESCE(c.tariff_rate, 0) END AS tariff_rate,
    c.max_hold_ttl,
    c.max_quote_ttl,
    c.max_open_holds,
    c.max_open_quotes
FROM mvm.rule_change c
JOIN mvm.universe u ON u.id = c.universe_id;
COMMENT ON VIEW mvm.rule_changes IS
    'The rules of a universe, or of its route to to_universe_id, as each change left them, and who made it';

-- A hold past its time counts as released, as far as there is room for it in 64 bits.
CREATE VIEW mvm.users AS
SELECT
    a.id,
    a.username,
    a.universe_id,
    mvm.amount(LEAST(9223372036854775807, COALESCE(w.balance_minor, 0) + COALESCE((
        SELECT sum(h.paid_minor) FROM mvm.hold h
        WHERE h.buyer_id = w.user_id AND h.from_universe_id = w.universe_id
          AND h.state = 'a' AND h.expires_at <= now()), 0))::bigint, u.currency_scale) AS balance,
    a.external_id,
    a.metadata
FROM mvm.user_account a
JOIN mvm.universe u ON u.id = a.universe_id
LEFT JOIN mvm.wallet w ON w.user_id = a.id AND w.universe_id = a.universe_id;
COMMENT ON VIEW mvm.users IS 'Users; balance is that of the home wallet';

CREATE VIEW mvm.wallets AS
SELECT
    w.user_id,
    w.universe_id,
    mvm.amount(LEAST(9223372036854775807, w.balance_minor + COALESCE((
        SELECT sum(h.paid_minor) FROM mvm.hold h
        WHERE h.buyer_id = w.user_id AND h.from_universe_id = w.universe_id
          AND h.state = 'a' AND h.expires_at <= now()), 0))::bigint, u.currency_scale) AS balance
FROM mvm.wallet w
JOIN mvm.universe u ON u.id = w.universe_id;
COMMENT ON VIEW mvm.wallets IS 'What each user holds in each currency';

CREATE VIEW mvm.items AS
SELECT
    i.id,
    i.name,
    i.universe_id,
    i.seller_id,
    mvm.amount(i.price_minor, u.currency_scale) AS price,
    LEAST(9223372036854775807, i.stock + COALESCE((
        SELECT sum(h.quantity) FROM mvm.hold h
        WHERE h.item_id = i.id AND h.state = 'a' AND h.expires_at <= now()), 0))::bigint AS stock,
    i.listed,
    i.external_id,
    i.metadata
FROM mvm.item i
JOIN mvm.universe u ON u.id = i.universe_id;
COMMENT ON VIEW mvm.items IS
    'Items; price is in the currency of universe_id, seller_id null is its treasury, listed is false while it is off the market';

CREATE VIEW mvm.prices AS
SELECT
    c.item_id,
    mvm.amount(c.price_minor, u.currency_scale) AS price,
    c.valid_from
FROM mvm.price_change c
JOIN mvm.item i ON i.id = c.item_id
JOIN mvm.universe u ON u.id = i.universe_id;
COMMENT ON VIEW mvm.prices IS 'Every price that an item was given after it was listed, and since when';

CREATE VIEW mvm.transactions AS
SELECT
    j.id,
    CASE j.kind
        WHEN 'd' THEN 'deposit'
        WHEN 'w' THEN 'withdrawal'
        WHEN 'x' THEN 'exchange'
        WHEN 'p' THEN 'purchase'
        WHEN 'l' THEN 'listing'
        WHEN 's' THEN 'restock'
        WHEN 't' THEN 'transfer'
        WHEN 'r' THEN 'refund'
        WHEN 'h' THEN 'hold'
        WHEN 'u' THEN 'release'
        WHEN 'o' THEN 'treasury_payout'
        WHEN 'f' THEN 'fees_payout'
    END AS kind,
    j.user_id,
    j.counterparty_id,
    j.item_id,
    j.quantity,
    j.from_universe_id,
    j.to_universe_id,
    mvm.amount(j.paid_minor, f.currency_scale) AS amount,
    mvm.amount(j.received_minor, t.currency_scale) AS received_amount,
    pg_catalog.trim_scale(j.to_rate / j.from_rate) AS exchange_rate,
    j.from_rate,
    j.to_rate,
    j.idempotency_key,
    j.transaction_time,
    mvm.amount(j.fee_minor, t.currency_scale) AS fee,
    mvm.amount(j.tariff_minor, f.currency_scale) AS tariff,
    j.reference_id,
    j.memo
FROM mvm.journal j
JOIN mvm.universe f ON f.id = j.from_universe_id
JOIN mvm.universe t ON t.id = j.to_universe_id;
COMMENT ON VIEW mvm.transactions IS
    'Every journal row: amount is what was paid in from_universe_id''s currency, tariff included, received_amount what was received in to_universe_id''s, fee taken off; a refund gives both back; a listing or restock moves stock only';

CREATE VIEW mvm.trades AS
SELECT
    j.id,
    j.user_id AS buyer_id,
    j.counterparty_id AS seller_id,
    j.item_id,
    mvm.amount(j.paid_minor, f.currency_scale) AS amount,
    j.quantity,
    j.from_universe_id,
    j.to_universe_id,
    j.transaction_time,
    mvm.amount(j.received_minor, t.currency_scale) AS received_amount,
    pg_catalog.trim_scale(j.to_rate / j.from_rate) AS exchange_rate,
    j.idempotency_key,
    mvm.amount(j.fee_minor, t.currency_scale) AS fee,
    mvm.amount(j.tariff_minor, f.currency_scale) AS tariff,
    j.memo
FROM mvm.journal j
JOIN mvm.universe f ON f.id = j.from_universe_id
JOIN mvm.universe t ON t.id = j.to_universe_id
WHERE j.kind = 'p';
COMMENT ON VIEW mvm.trades IS
    'Purchases: amount is what the buyer paid in from_universe_id''s currency, tariff included, received_amount what the seller got in to_universe_id''s, fee taken off';

CREATE VIEW mvm.quotes AS
SELECT
    q.id,
    q.user_id,
    mvm.amount(q.paid_minor, f.currency_scale) AS amount,
    mvm.amount(q.received_minor, t.currency_scale) AS converted_amount,
    mvm.amount(q.fee_minor, t.currency_scale) AS fee,
    q.from_universe_id,
    q.to_universe_id,
    pg_catalog.trim_scale(q.to_rate / q.from_rate) AS exchange_rate,
    CASE
        WHEN q.transaction_id IS NOT NULL THEN 'accepted'
        WHEN q.expires_at <= now() THEN 'expired'
        ELSE 'open'
    END AS state,
    q.created_at,
    q.expires_at,
    q.transaction_id
FROM mvm.quote q
JOIN mvm.universe f ON f.id = q.from_universe_id
JOIN mvm.universe t ON t.id = q.to_universe_id;
COMMENT ON VIEW mvm.quotes IS
    'Exchanges at a frozen rate: what would be debited and credited, fee taken off, until when, and which transaction accepted it';

CREATE VIEW mvm.holds AS
SELECT
    h.id,
    h.buyer_id,
    h.item_id,
    h.seller_id,
    h.quantity,
    h.captured_quantity,
    mvm.amount(h.paid_minor, f.currency_scale) AS amount,
    mvm.amount(h.price_minor, t.currency_scale) AS price,
    h.from_universe_id,
    h.to_universe_id,
    pg_catalog.trim_scale(h.to_rate / h.from_rate) AS exchange_rate,
    CASE
        WHEN h.state = 'c' THEN 'captured'
        WHEN h.state = 'r' THEN 'released'
        WHEN h.state = 'e' OR h.expires_at <= now() THEN 'expired'
        ELSE 'active'
    END AS state,
    h.created_at,
    h.expires_at
FROM mvm.hold h
JOIN mvm.universe f ON f.id = h.from_universe_id
JOIN mvm.universe t ON t.id = h.to_universe_id;
COMMENT ON VIEW mvm.holds IS
    'Stock and money set aside: amount in from_universe_id''s currency, price of one piece in to_universe_id''s';

CREATE VIEW mvm.audit_checkpoints AS
SELECT c.id, c.made_at, c.journal_id AS last_transaction_id, d.digest
FROM mvm.audit_checkpoint c
LEFT JOIN mvm.audit_digest d ON d.checkpoint_id = c.id;
COMMENT ON VIEW mvm.audit_checkpoints IS 'The latest checkpoint of the audit, if there is one';

-- Where a sequence lies behind, the next row would get an id that is in use.
CREATE VIEW mvm.sequence_position AS
SELECT 'universe_id_seq'::text AS sequence_name, (SELECT max(t.id) FROM mvm.universe t)::bigint AS highest, s.last_value - CASE WHEN s.is_called THEN 0 ELSE 1 END AS reached
FROM mvm.universe_id_seq s
UNION ALL
SELECT 'user_account_id_seq', (SELECT max(t.id) FROM mvm.user_account t), s.last_value - CASE WHEN s.is_called THEN 0 ELSE 1 END
FROM mvm.user_account_id_seq s
UNION ALL
SELECT 'item_id_seq', (SELECT max(t.id) FROM mvm.item t), s.last_value - CASE WHEN s.is_called THEN 0 ELSE 1 END
FROM mvm.item_id_seq s
UNION ALL
SELECT 'journal_id_seq', (SELECT max(t.id) FROM mvm.journal t), s.last_value - CASE WHEN s.is_called THEN 0 ELSE 1 END
FROM mvm.journal_id_seq s
UNION ALL
SELECT 'rule_change_id_seq', (SELECT max(t.id) FROM mvm.rule_change t), s.last_value - CASE WHEN s.is_called THEN 0 ELSE 1 END
FROM mvm.rule_change_id_seq s
UNION ALL
SELECT 'quote_id_seq', (SELECT max(t.id) FROM mvm.quote t), s.last_value - CASE WHEN s.is_called THEN 0 ELSE 1 END
FROM mvm.quote_id_seq s
UNION ALL
SELECT 'hold_id_seq', (SELECT max(t.id) FROM mvm.hold t), s.last_value - CASE WHEN s.is_called THEN 0 ELSE 1 END
FROM mvm.hold_id_seq s
UNION ALL
SELECT 'exchange_rate_change_id_seq', (SELECT max(t.id) FROM mvm.exchange_rate_change t), s.last_value - CASE WHEN s.is_called THEN 0 ELSE 1 END
FROM mvm.exchange_rate_change_id_seq s;
COMMENT ON VIEW mvm.sequence_position IS
    'Each sequence of the market: the highest id in use, and the id that was drawn last';
