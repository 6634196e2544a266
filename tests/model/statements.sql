-- Statements and balances of the past in the model test: once a sequence has run and
-- the model has the engine's ids, those of random wallets and spans of time must be
-- what the model's events say.

-- ---------------------------------------------------------------------------
-- The model's answers
-- ---------------------------------------------------------------------------

-- What an event moved in a wallet. Events have the engine's times.
CREATE MATERIALIZED VIEW model.movement AS
SELECT l.user_id, l.universe_id, e.id, e.kind, j.transaction_time, e.item_id, e.quantity, l.amount, e.memo,
    CASE WHEN e.user_id = l.user_id THEN e.counterparty_id ELSE e.user_id END AS counterparty_id
FROM (SELECT user_id, universe_id, transaction_id, sum(amount) AS amount
    FROM model.leg WHERE account = 'wallet' GROUP BY 1, 2, 3) l
JOIN model.event e ON e.id = l.transaction_id
JOIN mvm.journal j ON j.id = e.id
WITH NO DATA;
CREATE INDEX movement_wallet_idx ON model.movement (user_id, universe_id, id);

CREATE FUNCTION model.balance_before(of_user bigint, in_universe integer, moment timestamptz) RETURNS numeric
LANGUAGE plpgsql AS $$
BEGIN
    RETURN (
        SELECT COALESCE(sum(amount), 0) FROM model.movement
        WHERE user_id = of_user AND universe_id = in_universe AND transaction_time < moment
    );
END $$;

CREATE FUNCTION model.balance_at(of_user bigint, universe_in integer, moment timestamptz) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    person model.person;
    universe model.universe;
BEGIN
    PERFORM model.refuse_if(of_user IS NULL, 'MV203');
    person := model.find_user(of_user);
    universe := model.find_universe(COALESCE(universe_in, person.universe_id));
    RETURN to_jsonb(model.to_amount(model.balance_before(of_user, universe.id, moment), universe.currency_scale));
END $$;

CREATE FUNCTION model.balance_line(kind text, minor numeric, moment timestamptz, currency_scale integer) RETURNS jsonb
LANGUAGE sql AS $$
    SELECT jsonb_build_object('kind', kind, 'balance', model.to_amount(minor, currency_scale), 'transaction_time', moment,
        'transaction_id', NULL, 'counterparty_id', NULL, 'item_id', NULL, 'quantity', NULL, 'amount', NULL, 'memo', NULL)
$$;

-- In one piece.
CREATE FUNCTION model.statement(of_user bigint, in_universe integer, from_time timestamptz, to_time timestamptz,
    max_rows integer) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    universe model.universe;
    opening numeric;
BEGIN
    PERFORM model.refuse_if(of_user IS NULL OR in_universe IS NULL OR from_time IS NULL OR to_time IS NULL
        OR max_rows IS NULL OR max_rows NOT BETWEEN 1 AND 100000 OR from_time > to_time, 'MV203');
    PERFORM model.find_user(of_user);
    universe := model.find_universe(in_universe);
    opening := model.balance_before(of_user, in_universe, from_time);
    RETURN jsonb_build_array(model.balance_line('opening', opening, from_time, universe.currency_scale))
        || COALESCE((
            SELECT jsonb_agg(jsonb_build_object('kind', m.kind,
                'balance', model.to_amount(opening + m.total, universe.currency_scale),
                'transaction_time', m.transaction_time, 'transaction_id', m.id, 'counterparty_id', m.counterparty_id,
                'item_id', m.item_id, 'quantity', m.quantity, 'memo', m.memo,
                'amount', model.to_amount(m.amount, universe.currency_scale)) ORDER BY m.id)
            FROM (SELECT *, sum(amount) OVER (ORDER BY id) AS total FROM model.movement
                WHERE user_id = of_user AND universe_id = in_universe
                  AND transaction_time >= from_time AND transaction_time < to_time) m), '[]')
        || model.balance_line('closing', model.balance_before(of_user, in_universe, to_time), to_time,
            universe.currency_scale);
END $$;

-- ---------------------------------------------------------------------------
-- The engine's
-- ---------------------------------------------------------------------------

-- Its pages, put together.
CREATE FUNCTION model.pages(of_user bigint, in_universe integer, from_time timestamptz, to_time timestamptz, max_rows integer)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    lines jsonb := '[]';
    page jsonb;
    last_id bigint;
BEGIN
    LOOP
        SELECT COALESCE(jsonb_agg(to_jsonb(s) ORDER BY s.place), '[]'),
            COALESCE(max(s.transaction_id), last_id), count(s.transaction_id)
        INTO page, last_id
        FROM mvm_statement(of_user, in_universe, from_time, to_time, max_rows, last_id)
            WITH ORDINALITY s (transaction_id, kind, counterparty_id, item_id, quantity, amount, balance, transaction_time, memo, place);
        SELECT lines || COALESCE(jsonb_agg(line - 'place' ORDER BY place), '[]') INTO lines
        FROM jsonb_array_elements(page) WITH ORDINALITY p (line, place);
        IF jsonb_array_length(page) > max_rows + 2 THEN
            RAISE EXCEPTION 'a page of % rows has % lines', max_rows, jsonb_array_length(page);
        END IF;
        EXIT WHEN page = '[]' OR page -> -1 ->> 'kind' = 'closing';
    END LOOP;
    RETURN lines;
END $$;

-- Whether the closing is the opening with all that moved between.
CREATE FUNCTION model.adds_up(statement jsonb) RETURNS boolean LANGUAGE sql AS $$
    SELECT (statement -> 0 ->> 'balance')::numeric + COALESCE(sum((line ->> 'amount')::numeric), 0)
        = (statement -> -1 ->> 'balance')::numeric
    FROM jsonb_array_elements(statement) line
$$;

-- ---------------------------------------------------------------------------
-- Comparing
-- ---------------------------------------------------------------------------

-- A time at which something moved, mostly in this wallet, just before or after; or far away.
CREATE FUNCTION model.random_time(of_user bigint, in_universe integer) RETURNS timestamptz LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    ids bigint[] := ARRAY(SELECT id FROM model.movement WHERE user_id = of_user AND universe_id = in_universe ORDER BY id);
    chosen bigint;
BEGIN
    IF model.chance(0.05) THEN
        RETURN model.pick('{-infinity,2000-01-01,2100-01-01,infinity}');
    ELSIF model.chance(0.3) OR cardinality(ids) = 0 THEN
        ids := ARRAY(SELECT id FROM mvm.journal ORDER BY id);
    END IF;
    chosen := model.random_id(ids);
    RETURN (SELECT transaction_time FROM mvm.journal WHERE id = chosen)
        + model.pick('{0,0,1 microsecond,-1 microsecond}')::interval;
END $$;

-- Of random wallets and spans, mostly of users with more than a few movements; with pages of random length.
CREATE FUNCTION model.differing_statements(seed integer, spans integer) RETURNS TABLE (difference text) LANGUAGE plpgsql AS $$
DECLARE
    wallets bigint[];
    universes bigint[] := ARRAY(SELECT id FROM model.universe ORDER BY id);
    who text;
    place text;
    moments timestamptz[];
    size text;
    span text;
    engine model.outcome;
    whole model.outcome;
    twin model.outcome;
BEGIN
    REFRESH MATERIALIZED VIEW model.movement;
    PERFORM setseed(seed / 1000000000.0);
    FOR i IN 1 .. spans LOOP
        who := model.random_id(ARRAY(SELECT id FROM model.person ORDER BY id));
        wallets := ARRAY(SELECT universe_id FROM model.wallet WHERE user_id = who::bigint ORDER BY 1);
        place := model.random_id(CASE WHEN model.chance(0.9) THEN wallets ELSE universes END);
        moments := ARRAY[model.random_time(who::bigint, place::integer), model.random_time(who::bigint, place::integer)];
        IF model.chance(0.97) THEN
            SELECT array_agg(moment ORDER BY moment) INTO moments FROM unnest(moments) moment;
        END IF;
        size := model.pick('{1,2,3,10,10,100,1000,100000,0,100001}');
        span := format('%L::bigint, %L::integer, %L::timestamptz, %L::timestamptz, ', who, place, moments[1], moments[2]);
        engine := model.attempt(format('SELECT model.pages(%s%L)', span, size));
        whole := model.attempt(format('SELECT jsonb_agg(to_jsonb(s)) FROM mvm_statement(%s100000) s', span));
        twin := model.attempt(format('SELECT model.statement(%s%L)', span, size));
        IF (engine.sqlstate, engine.message, engine.result::text) IS DISTINCT FROM (twin.sqlstate, twin.message, twin.result::text)
            OR engine.sqlstate = '00000' AND (engine.result::text <> whole.result::text OR NOT model.adds_up(engine.result))
        THEN
            difference := format(E'mvm_statement(%s%s)\n  engine: %s %s\n  model:  %s %s\n  in one piece: %s',
                span, size, engine.sqlstate, engine.result, twin.sqlstate, twin.result, whole.result);
            RETURN NEXT;
        END IF;
        IF moments[1] IS NOT NULL THEN -- else it is the balance of now
            span := format('%L::bigint, %L::integer, %L::timestamptz', who, NULLIF(place, model.home_of(who)), moments[1]);
            engine := model.attempt(format('SELECT to_jsonb(mvm_balance(%s))', span));
            twin := model.attempt(format('SELECT model.balance_at(%s)', span));
            IF (engine.sqlstate, engine.result::text) IS DISTINCT FROM (twin.sqlstate, twin.result::text) THEN
                difference := format(E'mvm_balance(%s)\n  engine: %s %s\n  model:  %s %s',
                    span, engine.sqlstate, engine.result, twin.sqlstate, twin.result);
                RETURN NEXT;
            END IF;
        END IF;
    END LOOP;
END $$;
