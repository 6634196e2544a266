-- The market once more, as plainly as it can be said: the rules of docs/rules.md
-- in PL/pgSQL over numeric, in the order in which they are checked. It shares no
-- code and no arithmetic with the extension, so where the two agree, both read
-- the rules the same way.
--
-- Every function answers with the row the extension would return, as jsonb and
-- without times, or raises the refusal. New rows take the ids the extension gave
-- (sequences may have gaps): the driver leaves them in model.next_id, and those of
-- journal rows in model.event_ids.
-- What the key's check said is in model.key_check (see model.replay). The memo that a
-- call comes with is in model.memo, after an m.

CREATE SCHEMA model;

CREATE TABLE model.universe (
    id integer PRIMARY KEY,
    name text UNIQUE,
    currency_type text,
    exchange_rate numeric,
    currency_scale integer,
    version bigint DEFAULT 1,
    trade_open boolean DEFAULT true,
    exchange_open boolean DEFAULT true,
    sale_fee_rate numeric DEFAULT 0,
    exchange_fee_rate numeric DEFAULT 0,
    min_amount numeric, -- minor units; null: no bound
    max_amount numeric,
    max_quantity bigint,
    max_hold_ttl interval DEFAULT '1 day',
    max_quote_ttl interval DEFAULT '5 minutes',
    max_open_holds bigint DEFAULT 100,
    max_open_quotes bigint DEFAULT 100
);
-- No row: all is allowed and free.
CREATE TABLE model.route (
    from_universe_id integer,
    to_universe_id integer,
    allowed boolean,
    tariff_rate numeric,
    PRIMARY KEY (from_universe_id, to_universe_id)
);
-- Every change of rules, as the view shows it.
CREATE TABLE model.rule_change (place bigint GENERATED ALWAYS AS IDENTITY, rules jsonb);
CREATE TABLE model.person (
    id bigint PRIMARY KEY,
    username text UNIQUE,
    universe_id integer
);
CREATE TABLE model.wallet (
    user_id bigint,
    universe_id integer,
    balance numeric, -- minor units, as everywhere below
    PRIMARY KEY (user_id, universe_id)
);
CREATE TABLE model.item (
    id bigint PRIMARY KEY,
    seller_id bigint,
    universe_id integer,
    name text,
    price numeric,
    stock numeric,
    listed boolean DEFAULT true,
    changes integer DEFAULT 0 -- of price and listing
);
CREATE TABLE model.price_change (place bigint GENERATED ALWAYS AS IDENTITY, item_id bigint, price numeric);
CREATE TABLE model.quote (
    id bigint PRIMARY KEY DEFERRABLE,
    user_id bigint,
    from_universe_id integer,
    to_universe_id integer,
    paid numeric,
    received numeric,
    fee numeric,
    from_rate numeric,
    to_rate numeric,
    event_id bigint, -- that accepted it
    over boolean DEFAULT false -- past its time
);
CREATE TABLE model.hold (
    id bigint PRIMARY KEY DEFERRABLE,
    buyer_id bigint,
    item_id bigint,
    seller_id bigint,
    quantity bigint,
    captured bigint DEFAULT 0,
    price numeric, -- of a piece
    paid numeric, -- set aside
    from_universe_id integer,
    to_universe_id integer,
    from_rate numeric,
    to_rate numeric,
    sale_fee_rate numeric,
    tariff_rate numeric,
    state text DEFAULT 'active',
    over boolean DEFAULT false, -- past its time
    turned_back boolean -- it expired long ago, by the test's own clock
);
CREATE INDEX hold_active_idx ON model.hold (id) WHERE state = 'active';
CREATE INDEX hold_over_idx ON model.hold (id) WHERE state = 'active' AND over;
CREATE TABLE model.event (
    id bigint PRIMARY KEY DEFERRABLE, -- events may be renumbered
    kind text,
    user_id bigint,
    counterparty_id bigint,
    item_id bigint,
    quantity numeric,
    from_universe_id integer,
    to_universe_id integer,
    paid numeric,
    received numeric,
    from_rate numeric,
    to_rate numeric,
    idempotency_key text,
    fee numeric,
    tariff numeric,
    reference_id bigint,
    call_id bigint, -- the same for all events of one call
    memo text
);
CREATE INDEX event_kind_idx ON model.event (kind, id);
CREATE INDEX event_reference_idx ON model.event (reference_id) WHERE kind = 'refund';
-- What the legs of all events left on the accounts that are paid out of.
CREATE TABLE model.house (universe_id integer, account text, balance numeric, PRIMARY KEY (universe_id, account));
CREATE TABLE model.request (
    user_id bigint,
    key text,
    body text,
    event_id bigint,
    refusal text, -- instead of an event: what a batch refused
    PRIMARY KEY (user_id, key)
);

-- ---------------------------------------------------------------------------
-- Refusals
-- ---------------------------------------------------------------------------

CREATE TABLE model.refusal (code text PRIMARY KEY, name text UNIQUE, message text);
INSERT INTO model.refusal VALUES
    ('MV001', 'user_not_found', 'User not found'),
    ('MV002', 'item_not_found', 'Item not found'),
    ('MV003', 'universe_not_found', 'Universe not found'),
    ('MV004', 'transaction_not_found', 'Transaction not found'),
    ('MV005', 'quote_not_found', 'Quote not found'),
    ('MV006', 'hold_not_found', 'Hold not found'),
    ('MV101', 'insufficient_balance', 'Insufficient balance'),
    ('MV102', 'insufficient_stock', 'Insufficient stock'),
    ('MV103', 'same_universe', 'Cannot exchange currency within the same universe'),
    ('MV104', 'own_item', 'Cannot buy your own item'),
    ('MV105', 'item_not_listed', 'Item is off the market'),
    ('MV106', 'limit_exceeded', 'Deal is worse than the limit that was given'),
    ('MV107', 'refund_exceeded', 'More than can be refunded'),
    ('MV108', 'quote_closed', 'Quote is no longer open'),
    ('MV109', 'hold_closed', 'Hold is no longer active'),
    ('MV201', 'invalid_amount', 'Invalid amount'),
    ('MV202', 'invalid_quantity', 'Invalid quantity'),
    ('MV203', 'invalid_argument', 'Invalid argument'),
    ('MV204', 'amount_out_of_range', 'Amount out of range'),
    ('MV205', 'already_exists', 'Already exists'),
    ('MV301', 'rule_violation', 'Forbidden by the universe''s trading rules'),
    ('MV401', 'idempotency_mismatch', 'Idempotency key was used with a different request');

-- The detail tells what the key's check said before the refusal, the hint how much is missing.
CREATE FUNCTION model.refuse(refused_with text, missing numeric DEFAULT 0) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = refused_with,
        MESSAGE = (SELECT message FROM model.refusal WHERE code = refused_with),
        DETAIL = COALESCE(current_setting('model.key_check', true), ''),
        HINT = missing;
END $$;

CREATE FUNCTION model.refuse_if(broken boolean, code text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF broken THEN
        PERFORM model.refuse(code);
    END IF;
END $$;

-- ---------------------------------------------------------------------------
-- Arithmetic
-- ---------------------------------------------------------------------------

CREATE FUNCTION model.too_large(amount numeric) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT amount > 9223372036854775807
$$;

CREATE FUNCTION model.above_zero(amount numeric) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT amount > 0 AND amount <> 'NaN' AND amount <> 'Infinity'
$$;

CREATE FUNCTION model.power_of_ten(exponent integer) RETURNS numeric LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN ('1e' || exponent)::numeric;
END $$;

-- An amount in minor units: the nearest one within a millionth, otherwise 0, as if there were none.
CREATE FUNCTION model.to_minor(amount numeric, currency_scale integer) RETURNS numeric LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    units numeric := (amount - floor(amount)) * model.power_of_ten(currency_scale);
BEGIN
    IF abs(units - round(units)) > 0.000001 THEN
        RETURN 0;
    ELSIF amount > 1e19 THEN -- beyond any currency; numeric itself would overflow soon
        RETURN amount;
    END IF;
    RETURN floor(amount) * model.power_of_ten(currency_scale) + round(units);
END $$;

-- A fee or a tariff: a share of an amount, rounded up.
CREATE FUNCTION model.share(amount numeric, rate numeric) RETURNS numeric LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN ceil(amount * rate);
END $$;

-- A limit in minor units, not rounded: it is compared exactly.
CREATE FUNCTION model.limit_minor(amount numeric, currency_scale integer) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN amount > 1e19 THEN amount ELSE amount * model.power_of_ten(currency_scale) END
$$;

-- Minor units as people read them: every decimal of the currency written out.
CREATE FUNCTION model.to_amount(minor numeric, currency_scale integer) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
    SELECT round(minor * model.power_of_ten(-currency_scale), currency_scale)
$$;

-- minor * rate_to / rate_from between currencies of different scales. Both sides
-- of the fraction are made whole first, so nothing is rounded before the end.
CREATE FUNCTION model.convert_down(minor numeric, origin model.universe, target model.universe)
RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
    SELECT div(
        minor * target.exchange_rate * model.power_of_ten(target.currency_scale + 18),
        origin.exchange_rate * model.power_of_ten(origin.currency_scale + 18))
$$;

CREATE FUNCTION model.convert_up(minor numeric, origin model.universe, target model.universe)
RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
    SELECT -div(
        -minor * target.exchange_rate * model.power_of_ten(target.currency_scale + 18)
            - (origin.exchange_rate * model.power_of_ten(origin.currency_scale + 18) - 1),
        origin.exchange_rate * model.power_of_ten(origin.currency_scale + 18))
$$;

-- ---------------------------------------------------------------------------
-- State
-- ---------------------------------------------------------------------------

CREATE FUNCTION model.next_id() RETURNS bigint LANGUAGE sql AS $$
    SELECT current_setting('model.next_id')::bigint
$$;

CREATE FUNCTION model.find_universe(wanted integer) RETURNS model.universe LANGUAGE plpgsql AS $$
DECLARE
    found_universe model.universe;
BEGIN
    SELECT * INTO found_universe FROM model.universe WHERE id = wanted;
    PERFORM model.refuse_if(NOT FOUND, 'MV003');
    RETURN found_universe;
END $$;

CREATE FUNCTION model.find_user(wanted bigint) RETURNS model.person LANGUAGE plpgsql AS $$
DECLARE
    found_user model.person;
BEGIN
    SELECT * INTO found_user FROM model.person WHERE id = wanted;
    PERFORM model.refuse_if(NOT FOUND, 'MV001');
    RETURN found_user;
END $$;

CREATE FUNCTION model.balance_minor(of_user bigint, in_universe integer) RETURNS numeric LANGUAGE plpgsql AS $$
BEGIN
    RETURN COALESCE((SELECT balance FROM model.wallet WHERE user_id = of_user AND universe_id = in_universe), 0);
END $$;

CREATE FUNCTION model.move(of_user bigint, in_universe integer, minor numeric) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO model.wallet AS w VALUES (of_user, in_universe, minor)
    ON CONFLICT (user_id, universe_id) DO UPDATE SET balance = w.balance + EXCLUDED.balance;
END $$;

-- What a piece of news about wallets and items shows: a hold past its time counts as released.
CREATE FUNCTION model.shown_balance(of_user bigint, in_universe integer) RETURNS numeric LANGUAGE plpgsql AS $$
BEGIN
    RETURN (
        SELECT LEAST(9223372036854775807, model.balance_minor(of_user, in_universe) + COALESCE((
            SELECT sum(paid) FROM model.hold
            WHERE state = 'active' AND over AND buyer_id = of_user AND from_universe_id = in_universe), 0))
    );
END $$;

CREATE FUNCTION model.shown_stock(of_item bigint) RETURNS numeric LANGUAGE plpgsql AS $$
BEGIN
    RETURN (
        SELECT stock + COALESCE((SELECT sum(quantity) FROM model.hold h
            WHERE h.state = 'active' AND h.over AND h.item_id = of_item), 0)
        FROM model.item WHERE id = of_item
    );
END $$;

-- ---------------------------------------------------------------------------
-- The journal and its answers
-- ---------------------------------------------------------------------------

-- The memo of the call that is under way; null: none.
CREATE FUNCTION model.memo() RETURNS text LANGUAGE sql AS $$
    SELECT substr(NULLIF(current_setting('model.memo', true), ''), 2)
$$;

-- Ids for the events of the next call: those of the engine, or the first of those to come.
CREATE FUNCTION model.begin_call(event_ids text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('model.event_ids', event_ids, false),
        set_config('model.call_id', split_part(event_ids, ',', 1), false);
END $$;

CREATE FUNCTION model.record(
    kind text, user_id bigint, counterparty_id bigint, item_id bigint, quantity numeric,
    origin model.universe, target model.universe, paid numeric, received numeric, key text, body text,
    fee numeric DEFAULT 0, tariff numeric DEFAULT 0, reference_id bigint DEFAULT NULL
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    ids bigint[] := string_to_array(current_setting('model.event_ids'), ',');
    with_money boolean := kind NOT IN ('listing', 'restock');
BEGIN
    PERFORM set_config('model.event_ids',
        CASE WHEN cardinality(ids) > 1 THEN array_to_string(ids[2:], ',') ELSE (ids[1] + 1)::text END, false);
    INSERT INTO model.event VALUES (ids[1], kind, user_id, counterparty_id, item_id, quantity, origin.id, target.id,
        paid, received, CASE WHEN with_money THEN origin.exchange_rate END,
        CASE WHEN with_money THEN target.exchange_rate END, key,
        NULLIF(fee, 0), NULLIF(tariff, 0), reference_id, current_setting('model.call_id')::bigint,
        CASE WHEN kind IN ('deposit', 'withdrawal', 'transfer', 'exchange', 'purchase') THEN model.memo() END);
    INSERT INTO model.house AS h
    SELECT l.universe_id, l.account, sum(l.amount) FROM model.leg l
    WHERE l.transaction_id = ids[1] AND l.account IN ('treasury', 'fees') GROUP BY 1, 2
    ON CONFLICT ON CONSTRAINT house_pkey DO UPDATE SET balance = h.balance + EXCLUDED.balance;
    IF key IS NOT NULL THEN -- the house's keys belong to nobody
        INSERT INTO model.request VALUES (COALESCE(user_id, 0), key, concat_ws('/memo=', body, model.memo()), ids[1]);
    END IF;
    RETURN ids[1];
END $$;

CREATE FUNCTION model.transaction_row(wanted bigint) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    RETURN (
        SELECT jsonb_build_object(
            'id', e.id, 'kind', e.kind, 'user_id', e.user_id, 'counterparty_id', e.counterparty_id, 'item_id', e.item_id,
            'quantity', e.quantity, 'from_universe_id', e.from_universe_id, 'to_universe_id', e.to_universe_id,
            'amount', model.to_amount(e.paid, f.currency_scale),
            'received_amount', model.to_amount(e.received, t.currency_scale),
            'exchange_rate', trim_scale(e.to_rate / e.from_rate), 'from_rate', e.from_rate, 'to_rate', e.to_rate,
            'idempotency_key', e.idempotency_key, 'fee', model.to_amount(e.fee, t.currency_scale),
            'tariff', model.to_amount(e.tariff, f.currency_scale), 'reference_id', e.reference_id, 'memo', e.memo)
        FROM model.event e
        JOIN model.universe f ON f.id = e.from_universe_id
        JOIN model.universe t ON t.id = e.to_universe_id
        WHERE e.id = wanted
    );
END $$;

CREATE FUNCTION model.trade_row(wanted bigint) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    RETURN (
        SELECT (r - '{kind,user_id,counterparty_id,from_rate,to_rate,reference_id}'::text[])
            || jsonb_build_object('buyer_id', r -> 'user_id', 'seller_id', r -> 'counterparty_id')
        FROM model.transaction_row(wanted) r
    );
END $$;

CREATE FUNCTION model.exchange_row(wanted bigint) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    RETURN (
        SELECT jsonb_build_object(
            'converted_amount', r -> 'received_amount', 'from_universe_id', r -> 'from_universe_id',
            'to_universe_id', r -> 'to_universe_id', 'exchange_rate', r -> 'exchange_rate', 'amount', r -> 'amount',
            'transaction_id', r -> 'id', 'user_id', r -> 'user_id', 'fee', r -> 'fee', 'memo', r -> 'memo')
        FROM model.transaction_row(wanted) r
    );
END $$;

CREATE FUNCTION model.refuse_bad_key(key text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM model.refuse_if(char_length(key) NOT BETWEEN 1 AND 255, 'MV203');
    PERFORM model.refuse_if(char_length(model.memo()) > 255, 'MV203');
END $$;

-- The event that answers the key; null when the key is new; refused when it was
-- used with another request, or when a refusal is what answers it. Leaves
-- 'repeat', 'new' without a key, or 'new:' and the request, in model.key_check when
-- the check passes.
CREATE FUNCTION model.replay(of_user bigint, wanted text, new_body text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    known model.request;
BEGIN
    new_body := concat_ws('/memo=', new_body, model.memo());
    SELECT * INTO known FROM model.request WHERE user_id = of_user AND key = wanted;
    PERFORM model.refuse_if(known.body <> new_body, 'MV401');
    PERFORM set_config('model.key_check',
        CASE WHEN known.key IS NOT NULL THEN 'repeat' WHEN wanted IS NOT NULL THEN 'new:' || new_body ELSE 'new' END, false);
    PERFORM model.refuse_if(known.refusal IS NOT NULL, known.refusal);
    RETURN known.event_id;
END $$;

-- ---------------------------------------------------------------------------
-- Calls
-- ---------------------------------------------------------------------------

CREATE FUNCTION model.bad_rate(rate numeric) RETURNS boolean LANGUAGE sql AS $$
    SELECT NOT model.above_zero(rate) OR rate >= 1e18 OR scale(trim_scale(rate)) > 18
        OR rate * model.power_of_ten(scale(trim_scale(rate))) >= 1e18
$$;

CREATE FUNCTION model.bad_name(name text, longest integer) RETURNS boolean LANGUAGE sql AS $$
    SELECT name ~ '^\s*$' OR char_length(name) > longest
$$;

CREATE VIEW model.universes AS
SELECT id, name, currency_type, exchange_rate, currency_scale, version, trade_open, exchange_open, sale_fee_rate,
    exchange_fee_rate, model.to_amount(min_amount, currency_scale) AS min_amount,
    model.to_amount(max_amount, currency_scale) AS max_amount, max_quantity,
    max_hold_ttl, max_quote_ttl, max_open_holds, max_open_quotes
FROM model.universe;

CREATE FUNCTION model.universe_row(wanted integer) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    RETURN (
        SELECT to_jsonb(u) FROM model.universes u WHERE id = wanted
    );
END $$;

CREATE FUNCTION model.user_row(wanted bigint) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    RETURN (
        SELECT jsonb_build_object('id', p.id, 'username', p.username, 'universe_id', p.universe_id,
            'balance', model.to_amount(model.shown_balance(p.id, p.universe_id), u.currency_scale),
            'external_id', NULL, 'metadata', NULL)
        FROM model.person p JOIN model.universe u ON u.id = p.universe_id WHERE p.id = wanted
    );
END $$;

CREATE FUNCTION model.item_row(wanted bigint) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    RETURN (
        SELECT jsonb_build_object('id', i.id, 'name', i.name, 'universe_id', i.universe_id, 'seller_id', i.seller_id,
            'price', model.to_amount(i.price, u.currency_scale), 'stock', model.shown_stock(i.id), 'listed', i.listed,
            'external_id', NULL, 'metadata', NULL)
        FROM model.item i JOIN model.universe u ON u.id = i.universe_id WHERE i.id = wanted
    );
END $$;

CREATE FUNCTION model.quote_row(wanted bigint) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    RETURN (
        SELECT jsonb_build_object('id', q.id, 'user_id', q.user_id, 'amount', model.to_amount(q.paid, f.currency_scale),
            'converted_amount', model.to_amount(q.received, t.currency_scale), 'fee', model.to_amount(q.fee, t.currency_scale),
            'from_universe_id', f.id, 'to_universe_id', t.id, 'exchange_rate', trim_scale(q.to_rate / q.from_rate),
            'state', CASE WHEN q.event_id IS NOT NULL THEN 'accepted' WHEN q.over THEN 'expired' ELSE 'open' END, 'transaction_id', q.event_id)
        FROM model.quote q
        JOIN model.universe f ON f.id = q.from_universe_id
        JOIN model.universe t ON t.id = q.to_universe_id
        WHERE q.id = wanted
    );
END $$;

CREATE FUNCTION model.hold_row(wanted bigint) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    RETURN (
        SELECT jsonb_build_object('id', h.id, 'buyer_id', h.buyer_id, 'item_id', h.item_id, 'seller_id', h.seller_id,
            'quantity', h.quantity, 'captured_quantity', h.captured, 'amount', model.to_amount(h.paid, f.currency_scale),
            'price', model.to_amount(h.price, t.currency_scale), 'from_universe_id', f.id, 'to_universe_id', t.id,
            'exchange_rate', trim_scale(h.to_rate / h.from_rate),
            'state', CASE WHEN h.state = 'active' AND h.over THEN 'expired' ELSE h.state END)
        FROM model.hold h
        JOIN model.universe f ON f.id = h.from_universe_id
        JOIN model.universe t ON t.id = h.to_universe_id
        WHERE h.id = wanted
    );
END $$;

CREATE FUNCTION model.create_universe(name_in text, currency_in text, rate numeric, scale_in integer)
RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    PERFORM model.refuse_if(name_in IS NULL OR currency_in IS NULL OR rate IS NULL OR scale_in IS NULL, 'MV203');
    PERFORM model.refuse_if(model.bad_name(name_in, 255) OR model.bad_name(currency_in, 32), 'MV203');
    PERFORM model.refuse_if(model.bad_rate(rate) OR scale_in NOT BETWEEN 0 AND 9, 'MV203');
    PERFORM model.refuse_if(EXISTS (SELECT FROM model.universe WHERE name = name_in), 'MV205');
    INSERT INTO model.universe VALUES (model.next_id(), name_in, currency_in, trim_scale(rate), scale_in);
    RETURN model.universe_row(model.next_id()::integer);
END $$;

CREATE FUNCTION model.set_exchange_rate(of_universe integer, rate numeric) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    PERFORM model.refuse_if(of_universe IS NULL OR rate IS NULL OR model.bad_rate(rate), 'MV203');
    PERFORM model.find_universe(of_universe);
    UPDATE model.universe SET exchange_rate = trim_scale(rate), version = version + 1 WHERE id = of_universe;
    RETURN model.universe_row(of_universe);
END $$;

CREATE FUNCTION model.create_user(username_in text, home_id integer, opening numeric) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    home model.universe;
    minor numeric;
BEGIN
    PERFORM model.refuse_if(username_in IS NULL OR home_id IS NULL OR opening IS NULL, 'MV203');
    PERFORM model.refuse_if(model.bad_name(username_in, 255), 'MV203');
    PERFORM model.refuse_if(opening < 0 OR opening IN ('NaN', 'Infinity'), 'MV201');
    home := model.find_universe(home_id);
    minor := model.to_minor(opening, home.currency_scale);
    PERFORM model.refuse_if(opening > 0 AND minor = 0, 'MV201');
    PERFORM model.refuse_if(model.too_large(minor), 'MV204');
    PERFORM model.refuse_if(EXISTS (SELECT FROM model.person WHERE username = username_in), 'MV205');
    INSERT INTO model.person VALUES (model.next_id(), username_in, home_id);
    IF minor > 0 THEN
        PERFORM model.move(model.next_id(), home_id, minor);
        PERFORM model.record('deposit', model.next_id(), NULL, NULL, NULL, home, home, minor, minor, NULL, NULL);
    END IF;
    RETURN model.user_row(model.next_id());
END $$;

CREATE FUNCTION model.list_item(seller bigint, name_in text, price_in numeric, stock_in bigint, universe_in integer)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    person model.person;
    universe model.universe;
    price_minor numeric;
BEGIN
    PERFORM model.refuse_if(name_in IS NULL OR price_in IS NULL OR stock_in IS NULL, 'MV203');
    PERFORM model.refuse_if(seller IS NULL AND universe_in IS NULL, 'MV203');
    PERFORM model.refuse_if(model.bad_name(name_in, 255), 'MV203');
    PERFORM model.refuse_if(NOT model.above_zero(price_in), 'MV201');
    PERFORM model.refuse_if(stock_in < 0, 'MV202');
    IF seller IS NOT NULL THEN
        person := model.find_user(seller);
    END IF;
    universe := model.find_universe(COALESCE(universe_in, person.universe_id));
    price_minor := model.to_minor(price_in, universe.currency_scale);
    PERFORM model.refuse_if(price_minor = 0, 'MV201');
    PERFORM model.refuse_if(model.too_large(price_minor), 'MV204');
    INSERT INTO model.item VALUES (model.next_id(), seller, universe.id, name_in, price_minor, stock_in);
    PERFORM model.record('listing', seller, NULL, model.next_id(), stock_in, universe, universe, NULL, NULL, NULL, NULL);
    RETURN model.item_row(model.next_id());
END $$;

-- ---------------------------------------------------------------------------
-- Trading rules
-- ---------------------------------------------------------------------------

CREATE FUNCTION model.bad_share(rate numeric, below numeric) RETURNS boolean LANGUAGE sql AS $$
    SELECT rate < 0 OR rate >= below OR scale(trim_scale(rate)) > 9 -- NaN is above everything
$$;

-- A bound in minor units; null where there is none.
CREATE FUNCTION model.bound(amount numeric, of_universe model.universe, no_bound numeric) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
    minor numeric;
BEGIN
    IF amount = no_bound THEN
        RETURN NULL;
    END IF;
    PERFORM model.refuse_if(NOT model.above_zero(amount), 'MV201');
    minor := model.to_minor(amount, of_universe.currency_scale);
    PERFORM model.refuse_if(minor = 0, 'MV201');
    PERFORM model.refuse_if(model.too_large(minor), 'MV204');
    RETURN minor;
END $$;

CREATE FUNCTION model.bad_ttl(ttl interval) RETURNS boolean LANGUAGE sql AS $$
    SELECT ttl <= interval '0' OR ttl > interval '366 days'
$$;

-- In days and less; a month has 30 days.
CREATE FUNCTION model.without_months(ttl interval) RETURNS interval LANGUAGE sql AS $$
    SELECT justify_hours(ttl - date_trunc('month', ttl)
        + make_interval(days => 30 * (12 * extract(year FROM ttl) + extract(month FROM ttl))::integer))
$$;

-- What is null stays.
CREATE FUNCTION model.set_rules(of_universe integer, new_trade_open boolean, new_exchange_open boolean, sale_fee numeric,
    exchange_fee numeric, smallest numeric, largest numeric, pieces bigint, hold_ttl interval, quote_ttl interval,
    open_holds bigint, open_quotes bigint) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    rules model.universe;
BEGIN
    PERFORM model.refuse_if(of_universe IS NULL, 'MV203');
    rules := model.find_universe(of_universe);
    PERFORM model.refuse_if(model.bad_share(sale_fee, 1) OR model.bad_share(exchange_fee, 1), 'MV203');
    IF smallest IS NOT NULL THEN
        rules.min_amount := model.bound(smallest, rules, 0);
    END IF;
    IF largest IS NOT NULL THEN
        rules.max_amount := model.bound(largest, rules, 'Infinity');
    END IF;
    PERFORM model.refuse_if(pieces < 1, 'MV202');
    PERFORM model.refuse_if(rules.min_amount > rules.max_amount, 'MV203');
    PERFORM model.refuse_if(model.bad_ttl(hold_ttl) OR model.bad_ttl(quote_ttl), 'MV203');
    PERFORM model.refuse_if(open_holds < 0 OR open_quotes < 0, 'MV203');
    UPDATE model.universe SET
        version = version + 1,
        trade_open = COALESCE(new_trade_open, trade_open),
        exchange_open = COALESCE(new_exchange_open, exchange_open),
        sale_fee_rate = trim_scale(COALESCE(sale_fee, sale_fee_rate)),
        exchange_fee_rate = trim_scale(COALESCE(exchange_fee, exchange_fee_rate)),
        min_amount = rules.min_amount,
        max_amount = rules.max_amount,
        max_quantity = CASE WHEN pieces = 9223372036854775807 THEN NULL ELSE COALESCE(pieces, max_quantity) END,
        max_hold_ttl = COALESCE(model.without_months(hold_ttl), max_hold_ttl),
        max_quote_ttl = COALESCE(model.without_months(quote_ttl), max_quote_ttl),
        max_open_holds = COALESCE(open_holds, max_open_holds),
        max_open_quotes = COALESCE(open_quotes, max_open_quotes)
    WHERE id = of_universe;
    INSERT INTO model.rule_change (rules)
    SELECT to_jsonb(u) - '{id,name,currency_type,exchange_rate,currency_scale,version}'::text[]
        || jsonb_build_object('universe_id', id, 'to_universe_id', NULL, 'allowed', NULL, 'tariff_rate', NULL)
    FROM model.universes u WHERE id = of_universe;
    RETURN model.universe_row(of_universe);
END $$;

CREATE FUNCTION model.set_route(from_id integer, to_id integer, new_allowed boolean, tariff numeric)
RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    PERFORM model.refuse_if(from_id IS NULL OR to_id IS NULL, 'MV203');
    PERFORM model.refuse_if(model.bad_share(tariff, 100), 'MV203');
    PERFORM model.find_universe(from_id);
    PERFORM model.find_universe(to_id);
    PERFORM model.refuse_if(from_id = to_id, 'MV203');
    INSERT INTO model.route VALUES (from_id, to_id, COALESCE(new_allowed, true), trim_scale(COALESCE(tariff, 0)))
    ON CONFLICT (from_universe_id, to_universe_id)
        DO UPDATE SET allowed = EXCLUDED.allowed, tariff_rate = EXCLUDED.tariff_rate;
    UPDATE model.universe SET version = version + 1 WHERE id = from_id;
    INSERT INTO model.rule_change (rules)
    SELECT jsonb_build_object('universe_id', from_id, 'to_universe_id', to_id, 'trade_open', NULL, 'exchange_open', NULL,
        'sale_fee_rate', NULL, 'exchange_fee_rate', NULL, 'min_amount', NULL, 'max_amount', NULL, 'max_quantity', NULL,
        'max_hold_ttl', NULL, 'max_quote_ttl', NULL, 'max_open_holds', NULL, 'max_open_quotes', NULL,
        'allowed', r.allowed, 'tariff_rate', r.tariff_rate)
    FROM model.route r WHERE r.from_universe_id = from_id AND r.to_universe_id = to_id;
    RETURN (SELECT to_jsonb(r) FROM model.route r WHERE r.from_universe_id = from_id AND r.to_universe_id = to_id);
END $$;

CREATE FUNCTION model.route_closed(from_id integer, to_id integer) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    RETURN (
        SELECT EXISTS (SELECT FROM model.route
            WHERE from_universe_id = from_id AND to_universe_id = to_id AND NOT allowed)
    );
END $$;

CREATE FUNCTION model.tariff_rate(from_id integer, to_id integer) RETURNS numeric LANGUAGE plpgsql AS $$
BEGIN
    RETURN (
        SELECT COALESCE((SELECT tariff_rate FROM model.route
            WHERE from_universe_id = from_id AND to_universe_id = to_id), 0)
    );
END $$;

CREATE FUNCTION model.refuse_amount(amount numeric, ruling model.universe) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM model.refuse_if(amount < ruling.min_amount OR amount > ruling.max_amount, 'MV301');
END $$;

-- Something kept open at frozen terms: how long, and how many the user has already.
CREATE FUNCTION model.refuse_option(ttl interval, longest interval, already bigint, most bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM model.refuse_if(ttl > longest OR already >= most, 'MV301');
END $$;

-- ---------------------------------------------------------------------------
-- Holds past their time
-- ---------------------------------------------------------------------------

-- The journal row that puts a hold back, and the money and pieces.
CREATE FUNCTION model.put_back(of_hold bigint, new_state text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    hold model.hold;
    home model.universe;
BEGIN
    SELECT * INTO hold FROM model.hold WHERE id = of_hold;
    SELECT * INTO home FROM model.universe WHERE id = hold.from_universe_id;
    home.exchange_rate := hold.from_rate;
    PERFORM model.move(hold.buyer_id, home.id, hold.paid);
    UPDATE model.item SET stock = stock + hold.quantity WHERE id = hold.item_id;
    UPDATE model.hold SET state = new_state WHERE id = of_hold;
    PERFORM model.record('release', hold.buyer_id, NULL, hold.item_id, hold.quantity, home, home, hold.paid, hold.paid,
        NULL, NULL, reference_id => of_hold);
END $$;

CREATE FUNCTION model.has_room(hold model.hold) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    RETURN NOT model.too_large(model.balance_minor(hold.buyer_id, hold.from_universe_id) + hold.paid)
        AND NOT model.too_large((SELECT stock FROM model.item WHERE id = hold.item_id) + hold.quantity);
END $$;

-- As many as make up for the pieces of an item or the money of a wallet that are missing, or none; those that expired
-- first, and of these the first 256. One that has no room to go back to is passed over.
CREATE FUNCTION model.release_for(on_item bigint, of_buyer bigint, in_universe integer, missing numeric) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    hold model.hold;
    still_missing numeric := missing;
BEGIN
    FOR hold IN
        SELECT * FROM model.hold h
        WHERE h.state = 'active' AND h.over
          AND (h.item_id = on_item OR h.buyer_id = of_buyer AND h.from_universe_id = in_universe)
        ORDER BY h.turned_back DESC, h.id LIMIT 256
    LOOP
        CONTINUE WHEN NOT model.has_room(hold);
        PERFORM model.put_back(hold.id, 'expired');
        still_missing := still_missing - CASE WHEN on_item IS NULL THEN hold.paid ELSE hold.quantity END;
        EXIT WHEN still_missing <= 0;
    END LOOP;
    PERFORM model.refuse_if(still_missing > 0, 'MV109'); -- takes them back
    RETURN true;
EXCEPTION WHEN SQLSTATE 'MV109' THEN
    RETURN false;
END $$;

-- All of the wallets that can be had; whether there were any.
CREATE FUNCTION model.release_all(of_buyer bigint, wallets integer[]) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    hold model.hold;
    released boolean := false;
BEGIN
    FOR place IN 1 .. cardinality(wallets) LOOP
        FOR hold IN
            SELECT * FROM model.hold h
            WHERE h.state = 'active' AND h.over AND h.buyer_id = of_buyer AND h.from_universe_id = wallets[place]
            ORDER BY h.turned_back DESC, h.id LIMIT 256
        LOOP
            CONTINUE WHEN NOT model.has_room(hold);
            PERFORM model.put_back(hold.id, 'expired');
            released := true;
        END LOOP;
    END LOOP;
    RETURN released;
END $$;

-- Refuses whoever has not that much, and cannot get it from holds past their time.
CREATE FUNCTION model.need_money(of_user bigint, in_universe integer, minor numeric) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    missing numeric := minor - model.balance_minor(of_user, in_universe);
BEGIN
    IF missing > 0 THEN
        PERFORM model.refuse_if(NOT model.release_for(NULL, of_user, in_universe, missing), 'MV101');
    END IF;
END $$;

-- The test's own clock: makes a hold's time be over.
CREATE FUNCTION model.expire(of_hold bigint) RETURNS jsonb LANGUAGE sql AS $$
    UPDATE model.hold SET over = true, turned_back = true WHERE id = of_hold AND state = 'active' RETURNING to_jsonb(id)
$$;

CREATE FUNCTION model.sweep_holds(max_rows integer) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    hold model.hold;
    released bigint := 0;
BEGIN
    PERFORM model.refuse_if(max_rows IS NULL OR max_rows < 1, 'MV203');
    FOR hold IN SELECT * FROM model.hold h WHERE h.state = 'active' AND h.over ORDER BY h.turned_back DESC, h.id LOOP
        CONTINUE WHEN NOT model.has_room(hold);
        PERFORM model.put_back(hold.id, 'expired');
        released := released + 1;
        EXIT WHEN released = max_rows;
    END LOOP;
    RETURN to_jsonb(released);
END $$;

-- ---------------------------------------------------------------------------
-- Money and trades
-- ---------------------------------------------------------------------------

-- Deposit and withdrawal: one set of checks, two endings.
CREATE FUNCTION model.cash(kind text, of_user bigint, amount numeric, universe_in integer, key text)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    person model.person;
    universe model.universe;
    minor numeric;
    body text;
    event_id bigint;
BEGIN
    PERFORM model.refuse_if(of_user IS NULL OR amount IS NULL, 'MV203');
    PERFORM model.refuse_bad_key(key);
    PERFORM model.refuse_if(NOT model.above_zero(amount), 'MV201');
    person := model.find_user(of_user);
    universe := model.find_universe(COALESCE(universe_in, person.universe_id));
    minor := model.to_minor(amount, universe.currency_scale);
    PERFORM model.refuse_if(minor = 0, 'MV201');
    PERFORM model.refuse_if(model.too_large(minor), 'MV204');
    body := concat_ws('/', kind, universe.id, minor);
    event_id := model.replay(of_user, key, body);
    IF event_id IS NULL THEN
        IF kind = 'deposit' THEN
            PERFORM model.refuse_if(model.too_large(model.balance_minor(of_user, universe.id) + minor), 'MV204');
            PERFORM model.move(of_user, universe.id, minor);
        ELSE
            PERFORM model.need_money(of_user, universe.id, minor);
            PERFORM model.move(of_user, universe.id, -minor);
        END IF;
        event_id := model.record(kind, of_user, NULL, NULL, NULL, universe, universe, minor, minor, key, body);
    END IF;
    RETURN model.transaction_row(event_id);
END $$;

CREATE FUNCTION model.deposit(of_user bigint, amount numeric, universe_in integer, key text) RETURNS jsonb
LANGUAGE sql AS $$ SELECT model.cash('deposit', of_user, amount, universe_in, key) $$;

CREATE FUNCTION model.withdraw(of_user bigint, amount numeric, universe_in integer, key text) RETURNS jsonb
LANGUAGE sql AS $$ SELECT model.cash('withdrawal', of_user, amount, universe_in, key) $$;

CREATE FUNCTION model.house_minor(universe_in integer, account_in text) RETURNS numeric LANGUAGE sql AS $$
    SELECT COALESCE((SELECT balance FROM model.house WHERE universe_id = universe_in AND account = account_in), 0)
$$;

CREATE FUNCTION model.payout(universe_in integer, account_in text, amount numeric, key text) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    universe model.universe;
    minor numeric;
    body text;
    event_id bigint;
BEGIN
    PERFORM model.refuse_if(universe_in IS NULL OR account_in IS NULL OR amount IS NULL, 'MV203');
    PERFORM model.refuse_bad_key(key);
    PERFORM model.refuse_if(NOT model.above_zero(amount), 'MV201');
    PERFORM model.refuse_if(account_in NOT IN ('treasury', 'fees'), 'MV203');
    universe := model.find_universe(universe_in);
    minor := model.to_minor(amount, universe.currency_scale);
    PERFORM model.refuse_if(minor = 0, 'MV201');
    PERFORM model.refuse_if(model.too_large(minor), 'MV204');
    body := concat_ws('/', 'payout', account_in, universe.id, minor);
    event_id := model.replay(0, key, body);
    IF event_id IS NULL THEN
        PERFORM model.refuse_if(model.house_minor(universe.id, account_in) < minor, 'MV101');
        event_id := model.record(account_in || '_payout', NULL, NULL, NULL, NULL, universe, universe, minor, minor, key, body);
    END IF;
    RETURN model.transaction_row(event_id);
END $$;

CREATE FUNCTION model.transfer(sender_in bigint, receiver_in bigint, amount numeric, universe_in integer, key text)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    sender model.person;
    universe model.universe;
    minor numeric;
    body text;
    event_id bigint;
BEGIN
    PERFORM model.refuse_if(sender_in IS NULL OR receiver_in IS NULL OR amount IS NULL, 'MV203');
    PERFORM model.refuse_bad_key(key);
    PERFORM model.refuse_if(NOT model.above_zero(amount), 'MV201');
    sender := model.find_user(sender_in);
    PERFORM model.find_user(receiver_in);
    PERFORM model.refuse_if(sender_in = receiver_in, 'MV203');
    universe := model.find_universe(COALESCE(universe_in, sender.universe_id));
    minor := model.to_minor(amount, universe.currency_scale);
    PERFORM model.refuse_if(minor = 0, 'MV201');
    PERFORM model.refuse_if(model.too_large(minor), 'MV204');
    body := concat_ws('/', 'transfer', receiver_in, universe.id, minor);
    event_id := model.replay(sender_in, key, body);
    IF event_id IS NULL THEN
        PERFORM model.need_money(sender_in, universe.id, minor);
        PERFORM model.refuse_if(model.too_large(model.balance_minor(receiver_in, universe.id) + minor), 'MV204');
        PERFORM model.move(sender_in, universe.id, -minor);
        PERFORM model.move(receiver_in, universe.id, minor);
        event_id := model.record('transfer', sender_in, receiver_in, NULL, NULL, universe, universe, minor, minor, key, body);
    END IF;
    RETURN model.transaction_row(event_id);
END $$;

CREATE FUNCTION model.move_user(of_user bigint, universe_in integer) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    PERFORM model.refuse_if(of_user IS NULL OR universe_in IS NULL, 'MV203');
    PERFORM model.find_user(of_user);
    PERFORM model.find_universe(universe_in);
    UPDATE model.person SET universe_id = universe_in WHERE id = of_user;
    RETURN model.user_row(of_user);
END $$;

-- What an exchange credits and what of it the house takes.
CREATE TYPE model.credit AS (received numeric, fee numeric);
CREATE FUNCTION model.converted(minor numeric, origin model.universe, target model.universe) RETURNS model.credit
LANGUAGE plpgsql AS $$
DECLARE
    converted numeric := model.convert_down(minor, origin, target);
    credit model.credit;
BEGIN
    credit.fee := model.share(converted, target.exchange_fee_rate);
    credit.received := converted - credit.fee;
    RETURN credit;
END $$;

-- The same with all its refusals but those of wallets.
CREATE FUNCTION model.credit(minor numeric, origin model.universe, target model.universe) RETURNS model.credit
LANGUAGE plpgsql AS $$
DECLARE
    credit model.credit := model.converted(minor, origin, target);
BEGIN
    PERFORM model.refuse_if(credit.received = 0, 'MV201');
    PERFORM model.refuse_if(model.too_large(credit.received + credit.fee), 'MV204');
    RETURN credit;
END $$;

CREATE FUNCTION model.refuse_exchange_by_rules(minor numeric, origin model.universe, target model.universe) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM model.refuse_if(NOT origin.exchange_open OR NOT target.exchange_open, 'MV301');
    PERFORM model.refuse_if(model.route_closed(origin.id, target.id), 'MV301');
    PERFORM model.refuse_amount(minor, origin);
END $$;

-- An estimate is no exchange: no trading rule forbids it.
CREATE FUNCTION model.convert(amount numeric, from_id integer, to_id integer) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    origin model.universe;
    target model.universe;
    minor numeric;
    credit model.credit;
BEGIN
    PERFORM model.refuse_if(amount IS NULL OR from_id IS NULL OR to_id IS NULL, 'MV203');
    PERFORM model.refuse_if(NOT model.above_zero(amount), 'MV201');
    origin := model.find_universe(from_id);
    target := model.find_universe(to_id);
    PERFORM model.refuse_if(from_id = to_id, 'MV103');
    minor := model.to_minor(amount, origin.currency_scale);
    PERFORM model.refuse_if(minor = 0, 'MV201');
    PERFORM model.refuse_if(model.too_large(minor), 'MV204');
    credit := model.credit(minor, origin, target);
    RETURN to_jsonb(model.to_amount(credit.received, target.currency_scale));
END $$;

-- Ends every exchange: from the wallet in origin to the one in target.
CREATE FUNCTION model.pay_exchange(of_user bigint, origin model.universe, target model.universe, minor numeric,
    credit model.credit, key text, body text, reference_id bigint) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    PERFORM model.need_money(of_user, origin.id, minor);
    PERFORM model.refuse_if(model.too_large(model.balance_minor(of_user, target.id) + credit.received), 'MV204');
    PERFORM model.move(of_user, origin.id, -minor);
    PERFORM model.move(of_user, target.id, credit.received);
    RETURN model.record('exchange', of_user, NULL, NULL, NULL, origin, target, minor, credit.received, key, body,
        credit.fee, 0, reference_id);
END $$;

CREATE FUNCTION model.exchange(of_user bigint, amount numeric, from_id integer, to_id integer, min_converted numeric,
    idempotency_key text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    origin model.universe;
    target model.universe;
    minor numeric;
    wanted numeric;
    credit model.credit;
    body text;
    event_id bigint;
BEGIN
    PERFORM model.refuse_if(of_user IS NULL OR amount IS NULL OR from_id IS NULL OR to_id IS NULL, 'MV203');
    PERFORM model.refuse_bad_key(idempotency_key);
    PERFORM model.refuse_if(NOT model.above_zero(amount), 'MV201');
    PERFORM model.refuse_if(NOT model.above_zero(min_converted), 'MV201');
    PERFORM model.find_user(of_user);
    origin := model.find_universe(from_id);
    target := model.find_universe(to_id);
    PERFORM model.refuse_if(from_id = to_id, 'MV103');
    minor := model.to_minor(amount, origin.currency_scale);
    PERFORM model.refuse_if(minor = 0, 'MV201');
    PERFORM model.refuse_if(model.too_large(minor), 'MV204');
    wanted := model.limit_minor(min_converted, target.currency_scale);
    body := concat_ws('/', 'exchange', from_id, to_id, minor,
        CASE WHEN wanted IS NOT NULL THEN LEAST(ceil(wanted), 9223372036854775808) END);
    event_id := model.replay(of_user, idempotency_key, body);
    IF event_id IS NULL THEN
        PERFORM model.refuse_exchange_by_rules(minor, origin, target);
        credit := model.credit(minor, origin, target);
        PERFORM model.refuse_if(credit.received < wanted, 'MV106');
        event_id := model.pay_exchange(of_user, origin, target, minor, credit, idempotency_key, body, NULL);
    END IF;
    RETURN model.exchange_row(event_id);
END $$;

CREATE FUNCTION model.open_quotes(of_user bigint, to_id integer) RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FROM model.quote WHERE user_id = of_user AND to_universe_id = to_id AND event_id IS NULL AND NOT over
$$;

CREATE FUNCTION model.quote(of_user bigint, amount numeric, from_id integer, to_id integer, ttl interval) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    origin model.universe;
    target model.universe;
    minor numeric;
    credit model.credit;
BEGIN
    PERFORM model.refuse_if(of_user IS NULL OR amount IS NULL OR from_id IS NULL OR to_id IS NULL OR ttl IS NULL, 'MV203');
    PERFORM model.refuse_if(NOT model.above_zero(amount), 'MV201');
    PERFORM model.refuse_if(model.bad_ttl(ttl), 'MV203');
    PERFORM model.find_user(of_user);
    origin := model.find_universe(from_id);
    target := model.find_universe(to_id);
    PERFORM model.refuse_if(from_id = to_id, 'MV103');
    minor := model.to_minor(amount, origin.currency_scale);
    PERFORM model.refuse_if(minor = 0, 'MV201');
    PERFORM model.refuse_if(model.too_large(minor), 'MV204');
    PERFORM model.refuse_exchange_by_rules(minor, origin, target);
    credit := model.credit(minor, origin, target);
    PERFORM model.refuse_option(ttl, target.max_quote_ttl, model.open_quotes(of_user, to_id), target.max_open_quotes);
    INSERT INTO model.quote VALUES (model.next_id(), of_user, from_id, to_id, minor, credit.received, credit.fee,
        origin.exchange_rate, target.exchange_rate);
    RETURN model.quote_row(model.next_id());
END $$;

-- As the test's own clock makes a hold's.
CREATE FUNCTION model.expire_quote(wanted bigint) RETURNS jsonb LANGUAGE sql AS $$
    UPDATE model.quote SET over = true WHERE id = wanted RETURNING to_jsonb(id)
$$;

-- One whose time is over when the next call comes.
CREATE FUNCTION model.quote_briefly(of_user bigint, amount numeric, from_id integer, to_id integer) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    answer jsonb := model.quote(of_user, amount, from_id, to_id, '1 ms');
BEGIN
    PERFORM model.expire_quote((answer ->> 'id')::bigint);
    RETURN answer;
END $$;

CREATE FUNCTION model.is_closed(quote model.quote) RETURNS boolean LANGUAGE sql AS $$
    SELECT quote.event_id IS NOT NULL OR quote.over
$$;

CREATE FUNCTION model.accept_quote(wanted bigint) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    quote model.quote;
    origin model.universe;
    target model.universe;
    accepted_by bigint;
BEGIN
    PERFORM model.refuse_if(wanted IS NULL, 'MV203');
    SELECT * INTO quote FROM model.quote WHERE id = wanted;
    PERFORM model.refuse_if(NOT FOUND, 'MV005');
    PERFORM model.refuse_if(model.is_closed(quote), 'MV108');
    origin := model.find_universe(quote.from_universe_id);
    target := model.find_universe(quote.to_universe_id);
    PERFORM model.refuse_if(NOT origin.exchange_open OR NOT target.exchange_open
        OR model.route_closed(origin.id, target.id), 'MV301');
    origin.exchange_rate := quote.from_rate;
    target.exchange_rate := quote.to_rate;
    accepted_by := model.pay_exchange(quote.user_id, origin, target, quote.paid,
        (quote.received, quote.fee)::model.credit, NULL, NULL, wanted);
    UPDATE model.quote SET event_id = accepted_by WHERE id = wanted;
    RETURN model.exchange_row(accepted_by);
END $$;

-- What pieces of an item cost: their price, the house's share of it, the price in
-- the buyer's currency with the tariff, the tariff.
CREATE TYPE model.terms AS (price numeric, fee numeric, paid numeric, tariff numeric);
CREATE FUNCTION model.terms(price_of_one numeric, pieces numeric, home model.universe, priced_in model.universe,
    sale_fee_rate numeric, tariff_rate numeric) RETURNS model.terms LANGUAGE plpgsql AS $$
DECLARE
    terms model.terms;
    converted numeric;
BEGIN
    terms.price := price_of_one * pieces;
    converted := CASE WHEN home.id = priced_in.id THEN terms.price ELSE model.convert_up(terms.price, priced_in, home) END;
    terms.fee := model.share(terms.price, sale_fee_rate);
    terms.tariff := model.share(converted, tariff_rate);
    terms.paid := converted + terms.tariff;
    RETURN terms;
END $$;

-- The item to take from.
CREATE FUNCTION model.find_ware(buyer_in bigint, item_in bigint) RETURNS model.item LANGUAGE plpgsql AS $$
DECLARE
    ware model.item;
BEGIN
    SELECT * INTO ware FROM model.item WHERE id = item_in;
    PERFORM model.refuse_if(NOT FOUND, 'MV002');
    PERFORM model.refuse_if(ware.seller_id = buyer_in, 'MV104');
    PERFORM model.refuse_if(NOT ware.listed, 'MV105');
    RETURN ware;
END $$;

-- A purchase, or a hold for one (with an id of its own), from the wallet in payer.
CREATE FUNCTION model.deal(kind text, buyer_in bigint, ware model.item, pieces bigint, payer model.universe, most numeric,
    key text, body text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    priced_in model.universe := model.find_universe(ware.universe_id);
    terms model.terms;
    missing numeric := pieces - (SELECT stock FROM model.item WHERE id = ware.id);
BEGIN
    PERFORM model.refuse_if(NOT payer.trade_open OR NOT priced_in.trade_open, 'MV301');
    PERFORM model.refuse_if(model.route_closed(payer.id, priced_in.id), 'MV301');
    PERFORM model.refuse_if(pieces > priced_in.max_quantity, 'MV301');
    IF missing > 0 THEN
        PERFORM model.refuse('MV102', missing);
    END IF;
    terms := model.terms(ware.price, pieces, payer, priced_in, priced_in.sale_fee_rate,
        model.tariff_rate(payer.id, priced_in.id));
    PERFORM model.refuse_if(model.too_large(terms.price) OR model.too_large(terms.paid), 'MV204');
    PERFORM model.refuse_if(terms.fee = terms.price, 'MV201');
    PERFORM model.refuse_amount(terms.price, priced_in);
    PERFORM model.refuse_if(terms.paid > most, 'MV106');
    missing := terms.paid - model.balance_minor(buyer_in, payer.id);
    IF missing > 0 THEN
        PERFORM model.refuse('MV101', missing);
    END IF;
    UPDATE model.item SET stock = stock - pieces WHERE id = ware.id;
    IF kind = 'hold' THEN
        PERFORM model.move(buyer_in, payer.id, -terms.paid);
        INSERT INTO model.hold VALUES (model.next_id(), buyer_in, ware.id, ware.seller_id, pieces, 0, ware.price, terms.paid,
            payer.id, priced_in.id, payer.exchange_rate, priced_in.exchange_rate, priced_in.sale_fee_rate,
            model.tariff_rate(payer.id, priced_in.id));
        RETURN model.record('hold', buyer_in, NULL, ware.id, pieces, payer, payer, terms.paid, terms.paid, key, body,
            reference_id => model.next_id());
    END IF;
    IF ware.seller_id IS NOT NULL THEN
        PERFORM model.refuse_if(model.too_large(
            model.balance_minor(ware.seller_id, priced_in.id) + terms.price - terms.fee), 'MV204');
        PERFORM model.move(ware.seller_id, priced_in.id, terms.price - terms.fee);
    END IF;
    PERFORM model.move(buyer_in, payer.id, -terms.paid);
    RETURN model.record('purchase', buyer_in, ware.seller_id, ware.id, pieces, payer, priced_in, terms.paid,
        terms.price - terms.fee, key, body, terms.fee, terms.tariff);
END $$;

-- All that is in a wallet, but what is worth nothing.
CREATE FUNCTION model.exchange_all(of_user bigint, from_id integer, target model.universe) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    origin model.universe := model.find_universe(from_id);
    minor numeric := model.balance_minor(of_user, from_id);
    credit model.credit;
BEGIN
    IF minor > 0 THEN
        PERFORM model.refuse_exchange_by_rules(minor, origin, target);
        credit := model.converted(minor, origin, target);
        IF credit.received > 0 THEN
            PERFORM model.pay_exchange(of_user, origin, target, minor, model.credit(minor, origin, target),
                NULL, NULL, NULL);
        END IF;
    END IF;
END $$;

-- The deal after the wallets before the payer's have been exchanged into it. What it is short of it tells, and then it
-- has changed nothing.
CREATE TYPE model.attempted AS (event_id bigint, code text, missing numeric);
CREATE FUNCTION model.attempt_deal(kind text, buyer_in bigint, ware model.item, pieces bigint, earlier integer[],
    payer model.universe, most numeric, key text, body text) RETURNS model.attempted LANGUAGE plpgsql AS $$
DECLARE
    attempted model.attempted;
BEGIN
    FOR place IN 1 .. cardinality(earlier) LOOP
        PERFORM model.exchange_all(buyer_in, earlier[place], payer);
    END LOOP;
    attempted.event_id := model.deal(kind, buyer_in, ware, pieces, payer, most, key, body);
    RETURN attempted;
EXCEPTION WHEN SQLSTATE 'MV101' OR SQLSTATE 'MV102' THEN
    GET STACKED DIAGNOSTICS attempted.code = RETURNED_SQLSTATE, attempted.missing = PG_EXCEPTION_HINT;
    RETURN attempted;
END $$;

-- The same with holds past their time for what is missing: those of the wallet that pays before all of the others.
CREATE FUNCTION model.deal_releasing(kind text, buyer_in bigint, ware model.item, pieces bigint, earlier integer[],
    payer model.universe, most numeric, key text, body text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    attempted model.attempted := model.attempt_deal(kind, buyer_in, ware, pieces, earlier, payer, most, key, body);
BEGIN
    IF attempted.code = 'MV102' THEN
        IF model.release_for(ware.id, NULL, NULL, attempted.missing) THEN
            attempted := model.attempt_deal(kind, buyer_in, ware, pieces, earlier, payer, most, key, body);
        END IF;
    END IF;
    IF attempted.code = 'MV101' THEN
        IF model.release_for(NULL, buyer_in, payer.id, attempted.missing) THEN
            attempted := model.attempt_deal(kind, buyer_in, ware, pieces, earlier, payer, most, key, body);
        ELSIF model.release_all(buyer_in, earlier) THEN
            attempted := model.attempt_deal(kind, buyer_in, ware, pieces, earlier, payer, most, key, body);
            IF attempted.code = 'MV101' THEN
                IF model.release_for(NULL, buyer_in, payer.id, attempted.missing) THEN
                    attempted := model.attempt_deal(kind, buyer_in, ware, pieces, earlier, payer, most, key, body);
                END IF;
            END IF;
        END IF;
    END IF;
    PERFORM model.refuse(attempted.code) WHERE attempted.code IS NOT NULL;
    RETURN attempted.event_id;
END $$;

CREATE FUNCTION model.refuse_bad_order(pieces bigint, max_amount numeric) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM model.refuse_if(pieces < 1, 'MV202');
    PERFORM model.refuse_if(NOT model.above_zero(max_amount), 'MV201');
END $$;

CREATE FUNCTION model.trade_body(kind text, item_in bigint, pieces bigint, wallets text, most numeric) RETURNS text
LANGUAGE sql AS $$
    SELECT concat_ws('/', kind, item_in, pieces, wallets, CASE WHEN most IS NOT NULL THEN LEAST(floor(most), 9223372036854775807) END)
$$;

-- From the home wallet.
CREATE FUNCTION model.trade(kind text, buyer_in bigint, item_in bigint, pieces bigint, max_amount numeric, key text)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    buyer model.person;
    home model.universe;
    most numeric;
    body text;
    event_id bigint;
BEGIN
    PERFORM model.refuse_bad_order(pieces, max_amount);
    buyer := model.find_user(buyer_in);
    home := model.find_universe(buyer.universe_id);
    most := model.limit_minor(max_amount, home.currency_scale);
    body := model.trade_body(kind, item_in, pieces, NULL, most);
    event_id := model.replay(buyer_in, key, body);
    IF event_id IS NULL THEN
        event_id := model.deal_releasing(kind, buyer_in, model.find_ware(buyer_in, item_in), pieces, '{}', home, most, key, body);
    END IF;
    RETURN event_id;
END $$;

CREATE FUNCTION model.buy(buyer_in bigint, item_in bigint, pieces bigint, max_amount numeric, idempotency_key text)
RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    PERFORM model.refuse_if(buyer_in IS NULL OR item_in IS NULL OR pieces IS NULL, 'MV203');
    PERFORM model.refuse_bad_key(idempotency_key);
    RETURN model.trade_row(model.trade('purchase', buyer_in, item_in, pieces, max_amount, idempotency_key));
END $$;

-- From the first wallet that can pay with all that is in those before it.
CREATE FUNCTION model.deal_from(buyer_in bigint, ware model.item, pieces bigint, wallets integer[], key text, body text)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    payer model.universe;
    event_id bigint;
BEGIN
    FOR place IN 1 .. cardinality(wallets) LOOP
        BEGIN
            payer := model.find_universe(wallets[place]);
            RETURN model.deal_releasing('purchase', buyer_in, ware, pieces, wallets[:place - 1], payer, NULL, key, body);
        EXCEPTION WHEN OTHERS THEN
            IF place = cardinality(wallets) OR SQLSTATE NOT LIKE 'MV%' THEN
                RAISE;
            END IF;
        END;
    END LOOP;
END $$;

CREATE FUNCTION model.buy_from(buyer_in bigint, item_in bigint, pieces bigint, max_amount numeric, pay_from integer[],
    idempotency_key text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    ware model.item;
    last model.universe;
    priced_in model.universe;
    terms model.terms;
    most numeric;
    body text;
    event_id bigint;
BEGIN
    IF pay_from IS NULL THEN
        RETURN model.buy(buyer_in, item_in, pieces, max_amount, idempotency_key);
    END IF;
    PERFORM model.refuse_if(buyer_in IS NULL OR item_in IS NULL OR pieces IS NULL, 'MV203');
    PERFORM model.refuse_bad_key(idempotency_key);
    PERFORM model.refuse_bad_order(pieces, max_amount);
    PERFORM model.refuse_if(cardinality(pay_from) NOT BETWEEN 1 AND 16 OR array_position(pay_from, NULL) IS NOT NULL
        OR cardinality(pay_from) > (SELECT count(DISTINCT id) FROM unnest(pay_from) id), 'MV203');
    PERFORM model.find_user(buyer_in);
    PERFORM model.find_universe(id) FROM unnest(pay_from) id;
    last := model.find_universe(pay_from[cardinality(pay_from)]);
    most := model.limit_minor(max_amount, last.currency_scale);
    body := model.trade_body('purchase', item_in, pieces, 'from ' || pay_from::text, most);
    event_id := model.replay(buyer_in, idempotency_key, body);
    IF event_id IS NULL THEN
        ware := model.find_ware(buyer_in, item_in);
        priced_in := model.find_universe(ware.universe_id);
        PERFORM model.refuse_if(NOT (SELECT u.trade_open FROM model.person p JOIN model.universe u ON u.id = p.universe_id
            WHERE p.id = buyer_in), 'MV301');
        terms := model.terms(ware.price, pieces, last, priced_in, 0, model.tariff_rate(last.id, priced_in.id));
        PERFORM model.refuse_if(most < 9223372036854775807 AND terms.paid > most AND NOT model.too_large(terms.price), 'MV106');
        event_id := model.deal_from(buyer_in, ware, pieces, pay_from, idempotency_key, body);
    END IF;
    RETURN model.trade_row(event_id);
END $$;

CREATE FUNCTION model.open_holds(of_buyer bigint, to_id integer) RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FROM model.hold WHERE state = 'active' AND NOT over AND buyer_id = of_buyer AND to_universe_id = to_id
$$;

CREATE FUNCTION model.reserve(buyer_in bigint, item_in bigint, pieces bigint, ttl interval, key text)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    event_id bigint;
    new_id bigint := model.next_id();
    priced_in model.universe;
BEGIN
    PERFORM model.refuse_if(buyer_in IS NULL OR item_in IS NULL OR pieces IS NULL OR ttl IS NULL, 'MV203');
    PERFORM model.refuse_bad_key(key);
    PERFORM model.refuse_if(model.bad_ttl(ttl), 'MV203');
    event_id := model.trade('hold', buyer_in, item_in, pieces, NULL, key);
    SELECT u.* INTO priced_in FROM model.hold h JOIN model.universe u ON u.id = h.to_universe_id
    WHERE h.id = new_id AND current_setting('model.key_check') <> 'repeat';
    IF FOUND THEN
        PERFORM model.refuse_option(ttl, priced_in.max_hold_ttl, model.open_holds(buyer_in, priced_in.id) - 1, priced_in.max_open_holds);
    END IF;
    RETURN model.hold_row((SELECT reference_id FROM model.event WHERE id = event_id));
END $$;

-- A hold whose time is over when the next call comes.
CREATE FUNCTION model.reserve_briefly(buyer_in bigint, item_in bigint, pieces bigint) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    answer jsonb := model.reserve(buyer_in, item_in, pieces, '1 ms', NULL);
BEGIN
    UPDATE model.hold SET over = true, turned_back = false WHERE id = (answer ->> 'id')::bigint;
    RETURN answer - 'state';
END $$;

-- The release of all and a purchase of some, at the terms of the hold.
CREATE FUNCTION model.capture(of_hold bigint, pieces_in bigint, key text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    hold model.hold;
    pieces bigint;
    home model.universe;
    priced_in model.universe;
    terms model.terms;
    body text := concat_ws('/', 'capture', of_hold, COALESCE(pieces_in::text, 'all'));
    event_id bigint;
BEGIN
    PERFORM model.refuse_if(of_hold IS NULL, 'MV203');
    PERFORM model.refuse_bad_key(key);
    PERFORM model.refuse_if(pieces_in < 1, 'MV202');
    SELECT * INTO hold FROM model.hold WHERE id = of_hold;
    PERFORM model.refuse_if(NOT FOUND, 'MV006');
    event_id := model.replay(hold.buyer_id, key, body);
    IF event_id IS NULL THEN
        PERFORM model.refuse_if(hold.state <> 'active' OR hold.over, 'MV109');
        pieces := COALESCE(pieces_in, hold.quantity);
        PERFORM model.refuse_if(pieces > hold.quantity, 'MV202');
        home := model.find_universe(hold.from_universe_id);
        priced_in := model.find_universe(hold.to_universe_id);
        home.exchange_rate := hold.from_rate;
        priced_in.exchange_rate := hold.to_rate;
        terms := model.terms(hold.price, pieces, home, priced_in, hold.sale_fee_rate, hold.tariff_rate);
        PERFORM model.refuse_if(terms.fee = terms.price, 'MV201');
        PERFORM model.put_back(of_hold, 'captured');
        PERFORM model.move(hold.buyer_id, home.id, -terms.paid);
        UPDATE model.item SET stock = stock - pieces WHERE id = hold.item_id;
        PERFORM model.refuse_if(model.too_large((SELECT stock FROM model.item WHERE id = hold.item_id))
            OR model.too_large(model.balance_minor(hold.buyer_id, home.id)), 'MV204');
        IF hold.seller_id IS NOT NULL THEN
            PERFORM model.move(hold.seller_id, priced_in.id, terms.price - terms.fee);
            PERFORM model.refuse_if(model.too_large(model.balance_minor(hold.seller_id, priced_in.id)), 'MV204');
        END IF;
        UPDATE model.hold SET captured = pieces WHERE id = of_hold;
        event_id := model.record('purchase', hold.buyer_id, hold.seller_id, hold.item_id, pieces, home, priced_in,
            terms.paid, terms.price - terms.fee, key, body, terms.fee, terms.tariff, of_hold);
    END IF;
    RETURN model.trade_row(event_id);
END $$;

CREATE FUNCTION model.release(of_hold bigint) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    hold model.hold;
BEGIN
    PERFORM model.refuse_if(of_hold IS NULL, 'MV203');
    SELECT * INTO hold FROM model.hold WHERE id = of_hold;
    PERFORM model.refuse_if(NOT FOUND, 'MV006');
    PERFORM model.refuse_if(hold.state <> 'active' OR hold.over, 'MV109');
    PERFORM model.refuse_if(model.too_large(model.balance_minor(hold.buyer_id, hold.from_universe_id) + hold.paid)
        OR model.too_large((SELECT stock FROM model.item WHERE id = hold.item_id) + hold.quantity), 'MV204');
    PERFORM model.put_back(of_hold, 'released');
    RETURN model.hold_row(of_hold);
END $$;

-- The pieces from `before` to `before + pieces` of an amount, each portion so that
-- all of them so far add up to their share, rounded down.
CREATE FUNCTION model.portion(amount numeric, bought numeric, before numeric, pieces numeric) RETURNS numeric
LANGUAGE sql AS $$
    SELECT COALESCE(div(amount * (before + pieces), bought) - div(amount * before, bought), 0)
$$;

-- Pieces that come back to the stock when their holds end.
CREATE FUNCTION model.held_pieces(of_item bigint) RETURNS numeric LANGUAGE sql AS $$
    SELECT COALESCE(sum(quantity), 0) FROM model.hold WHERE item_id = of_item AND state = 'active'
$$;

-- Price, payment, fee and tariff are given back in portions.
CREATE FUNCTION model.refund(of_event bigint, pieces_in bigint, key text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    bought model.event;
    home model.universe;
    priced_in model.universe;
    before numeric;
    pieces numeric;
    fee numeric;
    tariff numeric;
    received numeric;
    paid numeric;
    body text := concat_ws('/', 'refund', of_event, COALESCE(pieces_in::text, 'rest'));
    event_id bigint;
BEGIN
    PERFORM model.refuse_if(of_event IS NULL, 'MV203');
    PERFORM model.refuse_bad_key(key);
    PERFORM model.refuse_if(pieces_in < 1, 'MV202');
    SELECT * INTO bought FROM model.event WHERE id = of_event;
    PERFORM model.refuse_if(NOT FOUND, 'MV004');
    PERFORM model.refuse_if(bought.kind <> 'purchase', 'MV203');
    event_id := model.replay(bought.user_id, key, body);
    IF event_id IS NULL THEN
        SELECT COALESCE(sum(quantity), 0) INTO before FROM model.event WHERE kind = 'refund' AND reference_id = of_event;
        pieces := COALESCE(pieces_in, bought.quantity - before);
        PERFORM model.refuse_if(before = bought.quantity OR before + pieces > bought.quantity, 'MV107');
        fee := model.portion(bought.fee, bought.quantity, before, pieces);
        tariff := model.portion(bought.tariff, bought.quantity, before, pieces);
        received := model.portion(bought.received + COALESCE(bought.fee, 0), bought.quantity, before, pieces) - fee;
        paid := model.portion(bought.paid - COALESCE(bought.tariff, 0), bought.quantity, before, pieces) + tariff;
        home := model.find_universe(bought.from_universe_id);
        priced_in := model.find_universe(bought.to_universe_id);
        home.exchange_rate := bought.from_rate;
        priced_in.exchange_rate := bought.to_rate;
        IF bought.counterparty_id IS NOT NULL THEN
            PERFORM model.need_money(bought.counterparty_id, priced_in.id, received);
            PERFORM model.move(bought.counterparty_id, priced_in.id, -received);
        END IF;
        -- The house gives back from what it has not paid out.
        PERFORM model.refuse_if(bool_or(needed > model.house_minor(universe_id, account)), 'MV101')
        FROM (
            SELECT universe_id, account, sum(part) AS needed
            FROM (VALUES (home.id, 'treasury', tariff), (priced_in.id, 'fees', fee),
                (priced_in.id, 'treasury', CASE WHEN bought.counterparty_id IS NULL THEN received ELSE 0 END)
            ) parts (universe_id, account, part)
            GROUP BY 1, 2
        ) given_back;
        PERFORM model.move(bought.user_id, home.id, paid);
        UPDATE model.item SET stock = stock + pieces WHERE id = bought.item_id;
        PERFORM model.refuse_if(model.too_large(model.balance_minor(bought.user_id, home.id))
            OR model.too_large((SELECT stock FROM model.item WHERE id = bought.item_id)
                + model.held_pieces(bought.item_id)), 'MV204');
        event_id := model.record('refund', bought.user_id, bought.counterparty_id, bought.item_id, pieces, home, priced_in,
            paid, received, key, body, fee, tariff, of_event);
    END IF;
    RETURN model.transaction_row(event_id);
END $$;

-- ---------------------------------------------------------------------------
-- What a seller does with an item
-- ---------------------------------------------------------------------------

CREATE FUNCTION model.find_item(wanted bigint) RETURNS model.item LANGUAGE plpgsql AS $$
DECLARE
    found_item model.item;
BEGIN
    SELECT * INTO found_item FROM model.item WHERE id = wanted;
    PERFORM model.refuse_if(NOT FOUND, 'MV002');
    RETURN found_item;
END $$;

CREATE FUNCTION model.restock(of_item bigint, pieces bigint, key text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    ware model.item;
    universe model.universe;
    body text := concat_ws('/', 'restock', of_item, pieces);
    event_id bigint;
BEGIN
    PERFORM model.refuse_if(of_item IS NULL OR pieces IS NULL, 'MV203');
    PERFORM model.refuse_bad_key(key);
    PERFORM model.refuse_if(pieces < 1, 'MV202');
    ware := model.find_item(of_item);
    event_id := model.replay(COALESCE(ware.seller_id, 0), key, body);
    IF event_id IS NULL THEN
        PERFORM model.refuse_if(model.too_large(ware.stock + model.held_pieces(of_item) + pieces), 'MV204');
        UPDATE model.item SET stock = stock + pieces WHERE id = of_item;
        universe := model.find_universe(ware.universe_id);
        event_id := model.record('restock', ware.seller_id, NULL, of_item, pieces, universe, universe, NULL, NULL, key, body);
    END IF;
    RETURN model.transaction_row(event_id);
END $$;

CREATE FUNCTION model.set_price(of_item bigint, new_price numeric) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    ware model.item;
    minor numeric;
BEGIN
    PERFORM model.refuse_if(of_item IS NULL OR new_price IS NULL, 'MV203');
    PERFORM model.refuse_if(NOT model.above_zero(new_price), 'MV201');
    ware := model.find_item(of_item);
    minor := model.to_minor(new_price, (SELECT currency_scale FROM model.universe WHERE id = ware.universe_id));
    PERFORM model.refuse_if(minor = 0, 'MV201');
    PERFORM model.refuse_if(model.too_large(minor), 'MV204');
    IF minor <> ware.price THEN
        UPDATE model.item SET price = minor, changes = changes + 1 WHERE id = of_item;
        INSERT INTO model.price_change (item_id, price) VALUES (of_item, minor);
    END IF;
    RETURN model.item_row(of_item);
END $$;

CREATE FUNCTION model.set_listed(of_item bigint, new_listed boolean) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    PERFORM model.refuse_if(of_item IS NULL, 'MV203');
    PERFORM model.find_item(of_item);
    UPDATE model.item SET listed = new_listed, changes = changes + 1 WHERE id = of_item AND listed <> new_listed;
    RETURN model.item_row(of_item);
END $$;

CREATE FUNCTION model.delist_item(of_item bigint) RETURNS jsonb
LANGUAGE sql AS $$ SELECT model.set_listed(of_item, false) $$;

CREATE FUNCTION model.relist_item(of_item bigint) RETURNS jsonb
LANGUAGE sql AS $$ SELECT model.set_listed(of_item, true) $$;

-- ---------------------------------------------------------------------------
-- Questions
-- ---------------------------------------------------------------------------

CREATE FUNCTION model.balance(of_user bigint, universe_in integer) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    person model.person;
    universe model.universe;
BEGIN
    PERFORM model.refuse_if(of_user IS NULL, 'MV203');
    person := model.find_user(of_user);
    universe := model.find_universe(COALESCE(universe_in, person.universe_id));
    RETURN to_jsonb(model.to_amount(model.shown_balance(of_user, universe.id), universe.currency_scale));
END $$;

CREATE FUNCTION model.trades(of_user bigint, max_rows integer, before_id bigint) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    PERFORM model.refuse_if(of_user IS NULL OR max_rows IS NULL OR max_rows < 1, 'MV203');
    PERFORM model.find_user(of_user);
    RETURN (
        SELECT jsonb_agg(model.trade_row(id) ORDER BY id DESC)
        FROM (
            SELECT id FROM model.event
            WHERE kind = 'purchase' AND (user_id = of_user OR counterparty_id = of_user)
              AND (before_id IS NULL OR id < before_id)
            ORDER BY id DESC LIMIT max_rows
        ) newest
    );
END $$;

-- ---------------------------------------------------------------------------
-- What the tables and the ledger should hold
-- ---------------------------------------------------------------------------

-- The legs of every event, minor units. Money enters from `outside`, is held in
-- wallets and treasuries, set aside in `holds`, taken by `fees` and treasuries,
-- and changes currency at `fx`. A refund is its purchase with the signs turned.
CREATE VIEW model.leg AS
SELECT e.id AS transaction_id, leg.account, leg.user_id, leg.universe_id,
    CASE e.kind WHEN 'refund' THEN -leg.amount ELSE leg.amount END AS amount
FROM model.event e
CROSS JOIN LATERAL (VALUES
    (CASE e.kind WHEN 'deposit' THEN 'outside' WHEN 'release' THEN 'holds' WHEN 'treasury_payout' THEN 'treasury'
        WHEN 'fees_payout' THEN 'fees' ELSE 'wallet' END,
        CASE WHEN e.kind NOT IN ('deposit', 'release') THEN e.user_id END, e.from_universe_id, -e.paid),
    (CASE WHEN e.kind IN ('withdrawal', 'treasury_payout', 'fees_payout') THEN 'outside' WHEN e.kind = 'hold' THEN 'holds'
          WHEN e.kind IN ('purchase', 'refund') AND e.counterparty_id IS NULL THEN 'treasury' ELSE 'wallet' END,
        CASE WHEN e.kind IN ('purchase', 'refund', 'transfer') THEN e.counterparty_id
             WHEN e.kind NOT IN ('withdrawal', 'hold') THEN e.user_id END,
        e.to_universe_id, e.received),
    ('treasury', NULL, e.from_universe_id, e.tariff),
    ('fees', NULL, e.to_universe_id, e.fee),
    ('fx', NULL, e.from_universe_id,
        CASE WHEN e.from_universe_id <> e.to_universe_id THEN e.paid - COALESCE(e.tariff, 0) END),
    ('fx', NULL, e.to_universe_id,
        CASE WHEN e.from_universe_id <> e.to_universe_id THEN -e.received - COALESCE(e.fee, 0) END)
) leg (account, user_id, universe_id, amount)
WHERE e.kind NOT IN ('listing', 'restock') AND leg.amount IS NOT NULL;

CREATE INDEX event_user_idx ON model.event (user_id, id);
CREATE INDEX event_counterparty_idx ON model.event (counterparty_id, id);
