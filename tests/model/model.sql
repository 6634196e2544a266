-- The market once more, as plainly as it can be said: the rules of docs/rules.md
-- in PL/pgSQL over numeric, in the order in which they are checked. It shares no
-- code and no arithmetic with the extension, so where the two agree, both read
-- the rules the same way.
--
-- Every function answers with the row the extension would return, as jsonb and
-- without times, or raises the refusal. New rows take the ids the extension gave
-- (sequences may have gaps): the driver leaves them in model.next_id.
-- What the key's check said is in model.key_check (see model.replay).

CREATE SCHEMA model;

CREATE TABLE model.universe (
    id integer PRIMARY KEY,
    name text UNIQUE,
    currency_type text,
    exchange_rate numeric,
    currency_scale integer,
    version bigint DEFAULT 1
);
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
    stock numeric
);
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
    idempotency_key text
);
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
    ('MV101', 'insufficient_balance', 'Insufficient balance'),
    ('MV102', 'insufficient_stock', 'Insufficient stock'),
    ('MV103', 'same_universe', 'Cannot exchange currency within the same universe'),
    ('MV104', 'own_item', 'Cannot buy your own item'),
    ('MV201', 'invalid_amount', 'Invalid amount'),
    ('MV202', 'invalid_quantity', 'Invalid quantity'),
    ('MV203', 'invalid_argument', 'Invalid argument'),
    ('MV204', 'amount_out_of_range', 'Amount out of range'),
    ('MV205', 'already_exists', 'Already exists'),
    ('MV401', 'idempotency_mismatch', 'Idempotency key was used with a different request');

-- The detail tells what the key's check said before the refusal.
CREATE FUNCTION model.refuse(refused_with text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = refused_with,
        MESSAGE = (SELECT message FROM model.refusal WHERE code = refused_with),
        DETAIL = COALESCE(current_setting('model.key_check', true), '');
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

-- An amount in minor units, half-even.
CREATE FUNCTION model.to_minor(amount numeric, currency_scale integer) RETURNS numeric LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    exact numeric;
    whole numeric;
    rest numeric;
BEGIN
    IF amount > 1e19 THEN -- beyond any currency; numeric itself would overflow soon
        RETURN amount;
    END IF;
    exact := amount * model.power_of_ten(currency_scale);
    whole := floor(exact);
    rest := exact - whole;
    IF rest > 0.5 OR (rest = 0.5 AND whole % 2 = 1) THEN
        whole := whole + 1;
    END IF;
    RETURN whole;
END $$;

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

-- ---------------------------------------------------------------------------
-- The journal and its answers
-- ---------------------------------------------------------------------------

CREATE FUNCTION model.record(
    kind text, user_id bigint, counterparty_id bigint, item_id bigint, quantity numeric,
    origin model.universe, target model.universe, paid numeric, received numeric, key text, body text
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    event_id bigint := current_setting('model.next_event_id')::bigint;
    with_money boolean := kind <> 'listing';
BEGIN
    INSERT INTO model.event VALUES (event_id, kind, user_id, counterparty_id, item_id, quantity, origin.id, target.id,
        paid, received, CASE WHEN with_money THEN origin.exchange_rate END,
        CASE WHEN with_money THEN target.exchange_rate END, key);
    IF key IS NOT NULL THEN
        INSERT INTO model.request VALUES (user_id, key, body, event_id);
    END IF;
    RETURN event_id;
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
            'idempotency_key', e.idempotency_key)
        FROM model.event e
        JOIN model.universe f ON f.id = e.from_universe_id
        JOIN model.universe t ON t.id = e.to_universe_id
        WHERE e.id = wanted
    );
END $$;

CREATE FUNCTION model.trade_row(wanted bigint) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    RETURN (
        SELECT (r - '{kind,user_id,counterparty_id,from_rate,to_rate}'::text[])
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
            'transaction_id', r -> 'id', 'user_id', r -> 'user_id')
        FROM model.transaction_row(wanted) r
    );
END $$;

CREATE FUNCTION model.refuse_bad_key(key text) RETURNS void LANGUAGE sql AS $$
    SELECT model.refuse_if(char_length(key) NOT BETWEEN 1 AND 255, 'MV203')
$$;

-- The event that answers the key; null when the key is new; refused when it was
-- used with another request, or when a refusal is what answers it. Leaves
-- 'repeat', or 'new:' and the request, in model.key_check when the check passes.
CREATE FUNCTION model.replay(of_user bigint, wanted text, new_body text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    known model.request;
BEGIN
    SELECT * INTO known FROM model.request WHERE user_id = of_user AND key = wanted;
    PERFORM model.refuse_if(known.body <> new_body, 'MV401');
    PERFORM set_config('model.key_check',
        CASE WHEN known.key IS NOT NULL THEN 'repeat' WHEN wanted IS NOT NULL THEN 'new:' || new_body ELSE '' END, false);
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

CREATE FUNCTION model.universe_row(wanted integer) RETURNS jsonb LANGUAGE sql AS $$
    SELECT to_jsonb(u) FROM model.universe u WHERE id = wanted
$$;

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
    RETURN jsonb_build_object('id', model.next_id(), 'username', username_in, 'universe_id', home_id,
        'balance', model.to_amount(minor, home.currency_scale));
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
    RETURN jsonb_build_object('id', model.next_id(), 'name', name_in, 'universe_id', universe.id, 'seller_id', seller,
        'price', model.to_amount(price_minor, universe.currency_scale), 'stock', stock_in);
END $$;

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
            PERFORM model.refuse_if(model.balance_minor(of_user, universe.id) < minor, 'MV101');
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

CREATE FUNCTION model.convert(amount numeric, from_id integer, to_id integer) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    origin model.universe;
    target model.universe;
    minor numeric;
    converted numeric;
BEGIN
    PERFORM model.refuse_if(amount IS NULL OR from_id IS NULL OR to_id IS NULL, 'MV203');
    PERFORM model.refuse_if(NOT model.above_zero(amount), 'MV201');
    origin := model.find_universe(from_id);
    target := model.find_universe(to_id);
    PERFORM model.refuse_if(from_id = to_id, 'MV103');
    minor := model.to_minor(amount, origin.currency_scale);
    PERFORM model.refuse_if(minor = 0, 'MV201');
    PERFORM model.refuse_if(model.too_large(minor), 'MV204');
    converted := model.convert_down(minor, origin, target);
    PERFORM model.refuse_if(converted = 0, 'MV201');
    PERFORM model.refuse_if(model.too_large(converted), 'MV204');
    RETURN to_jsonb(model.to_amount(converted, target.currency_scale));
END $$;

CREATE FUNCTION model.exchange(of_user bigint, amount numeric, from_id integer, to_id integer, key text)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    origin model.universe;
    target model.universe;
    minor numeric;
    converted numeric;
    body text;
    event_id bigint;
BEGIN
    PERFORM model.refuse_if(of_user IS NULL OR amount IS NULL OR from_id IS NULL OR to_id IS NULL, 'MV203');
    PERFORM model.refuse_bad_key(key);
    PERFORM model.refuse_if(NOT model.above_zero(amount), 'MV201');
    PERFORM model.find_user(of_user);
    origin := model.find_universe(from_id);
    target := model.find_universe(to_id);
    PERFORM model.refuse_if(from_id = to_id, 'MV103');
    minor := model.to_minor(amount, origin.currency_scale);
    PERFORM model.refuse_if(minor = 0, 'MV201');
    PERFORM model.refuse_if(model.too_large(minor), 'MV204');
    body := concat_ws('/', 'exchange', from_id, to_id, minor);
    event_id := model.replay(of_user, key, body);
    IF event_id IS NULL THEN
        converted := model.convert_down(minor, origin, target);
        PERFORM model.refuse_if(converted = 0, 'MV201');
        PERFORM model.refuse_if(model.too_large(converted), 'MV204');
        PERFORM model.refuse_if(model.balance_minor(of_user, from_id) < minor, 'MV101');
        PERFORM model.refuse_if(model.too_large(model.balance_minor(of_user, to_id) + converted), 'MV204');
        PERFORM model.move(of_user, from_id, -minor);
        PERFORM model.move(of_user, to_id, converted);
        event_id := model.record('exchange', of_user, NULL, NULL, NULL, origin, target, minor, converted, key, body);
    END IF;
    RETURN model.exchange_row(event_id);
END $$;

CREATE FUNCTION model.buy(buyer_in bigint, item_in bigint, pieces bigint, key text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    buyer model.person;
    ware model.item;
    home model.universe;
    priced_in model.universe;
    received numeric;
    paid numeric;
    body text := concat_ws('/', 'purchase', item_in, pieces);
    event_id bigint;
BEGIN
    PERFORM model.refuse_if(buyer_in IS NULL OR item_in IS NULL OR pieces IS NULL, 'MV203');
    PERFORM model.refuse_bad_key(key);
    PERFORM model.refuse_if(pieces < 1, 'MV202');
    buyer := model.find_user(buyer_in);
    event_id := model.replay(buyer_in, key, body);
    IF event_id IS NULL THEN
        SELECT * INTO ware FROM model.item WHERE id = item_in;
        PERFORM model.refuse_if(NOT FOUND, 'MV002');
        PERFORM model.refuse_if(ware.seller_id = buyer_in, 'MV104');
        PERFORM model.refuse_if(pieces > ware.stock, 'MV102');
        home := model.find_universe(buyer.universe_id);
        priced_in := model.find_universe(ware.universe_id);
        received := ware.price * pieces;
        PERFORM model.refuse_if(model.too_large(received), 'MV204');
        paid := CASE WHEN home.id = priced_in.id THEN received ELSE model.convert_up(received, priced_in, home) END;
        PERFORM model.refuse_if(model.too_large(paid), 'MV204');
        PERFORM model.refuse_if(model.balance_minor(buyer_in, home.id) < paid, 'MV101');
        IF ware.seller_id IS NOT NULL THEN
            PERFORM model.refuse_if(
                model.too_large(model.balance_minor(ware.seller_id, priced_in.id) + received), 'MV204');
            PERFORM model.move(ware.seller_id, priced_in.id, received);
        END IF;
        PERFORM model.move(buyer_in, home.id, -paid);
        UPDATE model.item SET stock = stock - pieces WHERE id = item_in;
        event_id := model.record('purchase', buyer_in, ware.seller_id, item_in, pieces, home, priced_in, paid, received,
            key, body);
    END IF;
    RETURN model.trade_row(event_id);
END $$;

CREATE FUNCTION model.balance(of_user bigint, universe_in integer) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    person model.person;
    universe model.universe;
BEGIN
    PERFORM model.refuse_if(of_user IS NULL, 'MV203');
    person := model.find_user(of_user);
    universe := model.find_universe(COALESCE(universe_in, person.universe_id));
    RETURN to_jsonb(model.to_amount(model.balance_minor(of_user, universe.id), universe.currency_scale));
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
-- wallets and treasuries, and changes currency at `fx`.
CREATE VIEW model.leg AS
SELECT e.id AS transaction_id, leg.account, leg.user_id, leg.universe_id, leg.amount
FROM model.event e
CROSS JOIN LATERAL (VALUES
    (CASE WHEN e.kind = 'deposit' THEN 'outside' ELSE 'wallet' END,
        CASE WHEN e.kind <> 'deposit' THEN e.user_id END, e.from_universe_id, -e.paid),
    (CASE WHEN e.kind = 'withdrawal' THEN 'outside'
          WHEN e.kind = 'purchase' AND e.counterparty_id IS NULL THEN 'treasury' ELSE 'wallet' END,
        CASE e.kind WHEN 'purchase' THEN e.counterparty_id WHEN 'withdrawal' THEN NULL ELSE e.user_id END,
        e.to_universe_id, e.received),
    ('fx', NULL, e.from_universe_id, CASE WHEN e.from_universe_id <> e.to_universe_id THEN e.paid END),
    ('fx', NULL, e.to_universe_id, CASE WHEN e.from_universe_id <> e.to_universe_id THEN -e.received END)
) leg (account, user_id, universe_id, amount)
WHERE e.kind <> 'listing' AND leg.amount IS NOT NULL;

CREATE INDEX event_user_idx ON model.event (user_id, id);
CREATE INDEX event_counterparty_idx ON model.event (counterparty_id, id);
