-- Batches in the model test. The model alone draws a sequence of orders and
-- answers each, one by one. The engine then runs the same sequence on two copies
-- of the database, by single calls and in batches; answers and tables of both
-- must be those of the model.

-- The sequence, with the model's answers. An order without a batch is a single
-- call wherever the sequence runs.
CREATE TABLE model.expected (
    place integer PRIMARY KEY,
    batch integer,
    operation text NOT NULL,
    args text[] NOT NULL,
    code text NOT NULL, -- SQLSTATE
    result jsonb NOT NULL, -- without ids that the engine gives
    event_id bigint, -- of the transaction that the answer shows
    replayed boolean NOT NULL, -- answered by an earlier call or order under its key
    remembered boolean NOT NULL -- a refusal that the key keeps
);

-- What the engine answered; replayed is null where a call does not tell.
CREATE TABLE model.answer (
    place integer PRIMARY KEY,
    code text,
    detail text,
    replayed boolean,
    result jsonb,
    transaction_id bigint
);

-- ---------------------------------------------------------------------------
-- Drawing the sequence
-- ---------------------------------------------------------------------------

-- A market that lasts for thousands of orders: calls on the engine and the model.
CREATE PROCEDURE model.stock_up(seed integer) LANGUAGE plpgsql AS $$
DECLARE
    args text[];
    listed bigint;
    owner model.person;
BEGIN
    PERFORM setseed(seed / 1000000000.0);
    FOR i IN 1 .. 200 LOOP
        SELECT * INTO owner FROM model.person ORDER BY random() LIMIT 1;
        args := ARRAY[CASE WHEN i % 3 > 0 THEN owner.id END::text, 'stock ' || i, model.pick('{1,2.5,0.75,9}'),
            (model.below(400) + 1)::text, owner.universe_id::text];
        listed := (model.attempt(model.engine_call('list_item', args))).result ->> 'id';
        CONTINUE WHEN listed IS NULL; -- a price that the currency has not
        PERFORM set_config('model.next_id', listed::text, false);
        PERFORM model.begin_call(max(id)::text) FROM mvm.journal;
        PERFORM model.attempt(model.model_call('list_item', args));
    END LOOP;
    COMMIT;
END $$;

-- The model's answer to one order. A batch remembers what it refused after the
-- key's check; a single call does not.
CREATE FUNCTION model.answer_order(operation text, args text[], in_batch boolean,
    OUT code text, OUT result jsonb, OUT event_id bigint, OUT replayed boolean, OUT remembered boolean)
LANGUAGE plpgsql AS $$
DECLARE
    outcome model.outcome;
    key_check text;
BEGIN
    PERFORM set_config('model.key_check', '', false);
    PERFORM model.begin_call((COALESCE(max(id), 0) + 1)::text) FROM model.event;
    IF operation IN ('quote', 'quote_briefly') THEN
        PERFORM set_config('model.next_id', (COALESCE(max(id), 0) + 1)::text, false) FROM model.quote;
    ELSIF operation IN ('reserve', 'reserve_briefly') THEN
        PERFORM set_config('model.next_id', (COALESCE(max(id), 0) + 1)::text, false) FROM model.hold;
    END IF;
    outcome := model.attempt(model.model_call(operation, args));
    code := outcome.sqlstate;
    result := model.told(outcome.result);
    key_check := CASE WHEN code = '00000' THEN current_setting('model.key_check') ELSE outcome.detail END;
    event_id := model.transaction_of(operation, outcome.result);
    replayed := key_check = 'repeat';
    remembered := in_batch AND code <> '00000' AND key_check LIKE 'new:%';
    IF remembered THEN
        INSERT INTO model.request
        VALUES (args[1]::bigint, args[cardinality(args)], substr(key_check, 5), NULL, code);
    END IF;
END $$;

-- Ids that the model's rows are to have.
CREATE TABLE model.new_id (what text, old_id bigint, new_id bigint);

CREATE PROCEDURE model.renumber() LANGUAGE plpgsql AS $$
BEGIN
    UPDATE model.event SET reference_id = n.new_id FROM model.new_id n WHERE reference_id = n.old_id AND n.what = CASE kind
        WHEN 'refund' THEN 'event' WHEN 'exchange' THEN 'quote' ELSE 'hold' END;
    UPDATE model.event SET id = n.new_id FROM model.new_id n WHERE id = n.old_id AND n.what = 'event';
    UPDATE model.quote SET event_id = n.new_id FROM model.new_id n WHERE event_id = n.old_id AND n.what = 'event';
    UPDATE model.quote SET id = n.new_id FROM model.new_id n WHERE id = n.old_id AND n.what = 'quote';
    UPDATE model.hold SET id = n.new_id FROM model.new_id n WHERE id = n.old_id AND n.what = 'hold';
    UPDATE model.batched_event SET event_id = n.new_id FROM model.new_id n WHERE event_id = n.old_id AND n.what = 'event';
    UPDATE model.request SET event_id = n.new_id FROM model.new_id n WHERE event_id = n.old_id AND n.what = 'event';
    UPDATE model.expected SET event_id = n.new_id FROM model.new_id n WHERE event_id = n.old_id AND n.what = 'event';
    DELETE FROM model.new_id;
END $$;

-- Good and bad orders; some under a key that was used before, with the same
-- request, another way to write it, another request, or another kind.
CREATE FUNCTION model.random_order(new_operation text, repeats_refusals boolean) RETURNS text[] LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    args text[] := model.random_arguments(new_operation);
    key_place integer := cardinality(args);
    slot integer := model.below(60);
    earlier model.keyed_call;
BEGIN
    IF repeats_refusals AND model.chance(0.1) THEN
        SELECT e.args INTO earlier.args FROM model.expected e
        WHERE e.remembered AND e.operation = new_operation ORDER BY random() LIMIT 1;
        IF FOUND THEN
            RETURN earlier.args;
        END IF;
    END IF;
    IF new_operation IN ('buy', 'buy_from', 'reserve', 'reserve_briefly') AND model.chance(0.8) THEN -- of few items, all with stock
        args[2] := model.random_id(ARRAY(SELECT id FROM model.item WHERE stock > 0 AND listed ORDER BY id DESC LIMIT 20));
        args[3] := model.random_pieces(args[2]);
        IF new_operation = 'buy' THEN
            args[4] := model.random_max_amount(model.home_of(args[1]), args[2], args[3]);
        ELSIF new_operation = 'buy_from' THEN
            args[4] := model.random_max_amount((args[5]::integer[])[array_upper(args[5]::integer[], 1)]::text, args[2], args[3]);
        END IF;
    END IF;
    IF new_operation IN ('buy', 'buy_from', 'exchange') AND model.chance(0.05) THEN
        args := model.need_of_hold(new_operation, args);
    ELSIF new_operation = 'exchange' AND model.chance(0.01) THEN
        args[1] := model.random_id('{}'); -- nobody
    END IF;
    IF new_operation = 'set_rules' AND model.chance(0.5) THEN -- so that most orders are allowed, mostly
        SELECT ARRAY[id, true, true, NULL, NULL, 0, 'Infinity', 9223372036854775807, NULL, '366 days', NULL, NULL]::text[] INTO earlier.args
        FROM model.universe
        WHERE (NOT trade_open OR NOT exchange_open OR min_amount IS NOT NULL OR max_amount IS NOT NULL
            OR max_quantity IS NOT NULL)
          AND id::text IS DISTINCT FROM (SELECT e.args[1] FROM model.expected e WHERE e.place = 1)
        ORDER BY random() LIMIT 1;
        IF FOUND THEN
            RETURN earlier.args;
        END IF;
    END IF;
    IF model.takes_key(new_operation) AND model.chance(0.15) THEN
        SELECT * INTO earlier FROM model.keyed_call WHERE place = slot;
        IF earlier.operation = new_operation THEN
            RETURN model.again(new_operation, earlier.args);
        ELSIF model.names_owner_of_key(earlier.operation) AND model.names_owner_of_key(new_operation) THEN
            args[1] := earlier.args[1];
            args[key_place] := earlier.args[cardinality(earlier.args)];
        END IF;
    END IF;
    IF new_operation IN ('buy', 'exchange') AND model.chance(0.01) THEN
        args[1 + model.below(key_place - 1)] := NULL;
    END IF;
    RETURN args;
END $$;

-- Draws the sequence: batches of 1 to 300 orders, single calls between them.
-- A single call forgets what it refused and a batch does not, so a sequence that
-- is to run both ways must not use a refused key again: repeats_refusals = false.
-- Otherwise keys are used again at will, and some stretches are single calls.
CREATE PROCEDURE model.draw_sequence(seed integer, orders integer, repeats_refusals boolean) LANGUAGE plpgsql AS $$
DECLARE
    new_place integer := COALESCE((SELECT max(place) FROM model.expected), 0);
    last_place integer := new_place + orders;
    last_batch integer := COALESCE((SELECT max(batch) FROM model.expected), 0);
    new_batch integer;
    size integer;
    new_operation text;
    new_args text[];
    new_key text;
    last_event_id bigint;
    answered record;
BEGIN
    PERFORM setseed(seed / 1000000000.0);
    WHILE new_place < last_place LOOP
        new_batch := NULL;
        SELECT max(id) INTO last_event_id FROM model.event;
        size := 1;
        IF new_place = 0 OR model.chance(0.3) THEN
            new_operation := model.pick('{deposit,deposit,deposit,deposit,withdraw,set_exchange_rate}');
        ELSIF model.chance(0.75) THEN
            new_operation := model.pick('{restock,set_price,delist_item,relist_item,relist_item,transfer,transfer,move_user,payout,payout,
                buy_from,buy_from,buy_from,buy_from,buy_from,refund,refund,refund,quote,quote_briefly,expire_quote,accept_quote,accept_quote,
                reserve,reserve,reserve,capture,capture,release,
                reserve_briefly,reserve_briefly,reserve_briefly,reserve_briefly,reserve_briefly,reserve_briefly,reserve_briefly,
                expire,expire,expire,expire,expire,sweep_holds,
                set_rules,set_rules,set_rules,set_rules,set_route,set_route}');
        ELSIF repeats_refusals AND model.chance(0.3) THEN
            size := LEAST(1 + model.below(30), last_place - new_place);
            new_operation := model.pick('{buy,exchange}');
        ELSE
            size := LEAST(ceil(power(300, random()))::integer, last_place - new_place);
            new_operation := model.pick('{buy,exchange}');
            last_batch := last_batch + 1;
            new_batch := last_batch;
        END IF;
        FOR i IN 1 .. size LOOP
            new_place := new_place + 1;
            new_args := model.random_order(new_operation, repeats_refusals);
            IF new_place = 1 THEN -- rules that many orders will meet
                new_operation := 'set_rules';
                new_args := ARRAY[(SELECT universe_id FROM model.item GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1),
                    NULL, false, 0.05, 0.125, NULL, NULL, 2, NULL, NULL, NULL, NULL]::text[];
            END IF;
            new_key := CASE WHEN model.takes_key(new_operation) THEN new_args[cardinality(new_args)] END;
            IF NOT repeats_refusals AND EXISTS (SELECT FROM model.request r
                WHERE (r.user_id = new_args[1]::bigint OR NOT model.names_owner_of_key(new_operation))
                  AND r.key = new_key AND r.refusal IS NOT NULL)
            THEN
                new_key := 'key of order ' || new_place;
                new_args[cardinality(new_args)] := new_key;
            END IF;
            SELECT * INTO answered FROM model.answer_order(new_operation, new_args, new_batch IS NOT NULL);
            INSERT INTO model.expected VALUES (new_place, new_batch, new_operation, new_args,
                answered.code, answered.result, answered.event_id, answered.replayed, answered.remembered);
            IF new_key IS NOT NULL THEN
                INSERT INTO model.keyed_call VALUES (model.below(60), new_operation, new_args)
                ON CONFLICT ON CONSTRAINT keyed_call_pkey
                    DO UPDATE SET operation = EXCLUDED.operation, args = EXCLUDED.args;
            END IF;
        END LOOP;
        IF new_batch IS NOT NULL THEN
            INSERT INTO model.batched_event SELECT id, new_batch FROM model.event WHERE id > last_event_id;
        END IF;
        COMMIT;
    END LOOP;
END $$;

-- ---------------------------------------------------------------------------
-- Running it on the engine
-- ---------------------------------------------------------------------------

-- What single calls and batches both tell of an order; nothing of a refused one. Times
-- are left out, ids that the engine gives, and the key, which only single purchases show.
CREATE FUNCTION model.told(answer jsonb) RETURNS jsonb LANGUAGE sql AS $$
    SELECT CASE jsonb_typeof(answer)
        WHEN 'object' THEN jsonb_strip_nulls(answer - '{id,transaction_id,reference_id,idempotency_key,transaction_time,
            created_at,expires_at,ordinal,outcome,detail,replayed}'::text[])
        ELSE '{}' END
$$;

-- Which journal row an answer shows.
CREATE FUNCTION model.transaction_of(operation text, answer jsonb) RETURNS bigint LANGUAGE sql AS $$
    SELECT CASE
        WHEN operation IN ('exchange', 'accept_quote') THEN answer ->> 'transaction_id'
        WHEN operation <> 'reserve' AND model.takes_key(operation) THEN answer ->> 'id'
    END::bigint
$$;

-- The model's ids of journal rows, quotes and holds need only be in the order of the
-- engine's, so a call that names one names that at the same rank.
CREATE FUNCTION model.in_the_engine(operation text, args text[]) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    named bigint := args[1];
BEGIN
    CASE
        WHEN operation = 'refund' AND EXISTS (SELECT FROM model.event WHERE id = named) THEN
            args[1] := (SELECT id FROM mvm.journal ORDER BY id OFFSET (SELECT count(*) FROM model.event WHERE id < named) LIMIT 1);
        WHEN operation IN ('accept_quote', 'expire_quote') AND EXISTS (SELECT FROM model.quote WHERE id = named) THEN
            args[1] := (SELECT id FROM mvm.quote ORDER BY id OFFSET (SELECT count(*) FROM model.quote WHERE id < named) LIMIT 1);
        WHEN operation IN ('capture', 'release', 'expire') AND EXISTS (SELECT FROM model.hold WHERE id = named) THEN
            args[1] := (SELECT id FROM mvm.hold ORDER BY id OFFSET (SELECT count(*) FROM model.hold WHERE id < named) LIMIT 1);
        ELSE
    END CASE;
    RETURN args;
END $$;

CREATE FUNCTION model.code_of(outcome text) RETURNS text LANGUAGE sql AS $$
    SELECT CASE WHEN outcome = 'ok' THEN '00000' ELSE (SELECT code FROM model.refusal WHERE name = outcome) END
$$;

-- Transactions of random length at random levels.
CREATE PROCEDURE model.perhaps_commit() LANGUAGE plpgsql AS $$
BEGIN
    IF model.chance(0.2) THEN
        PERFORM set_config('default_transaction_isolation',
            model.pick('{read committed,repeatable read,serializable}'), false);
        COMMIT;
    END IF;
END $$;

CREATE FUNCTION model.run_single(of_place integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    wanted model.expected;
    outcome model.outcome;
BEGIN
    SELECT * INTO wanted FROM model.expected WHERE place = of_place;
    outcome := model.attempt(model.engine_call(wanted.operation, model.in_the_engine(wanted.operation, wanted.args)));
    INSERT INTO model.answer VALUES (of_place, outcome.sqlstate, outcome.detail, NULL,
        model.told(outcome.result), model.transaction_of(wanted.operation, outcome.result));
END $$;

-- Runs what is not answered yet: batches as such, or every order by a single call.
CREATE PROCEDURE model.run_sequence(in_batches boolean) LANGUAGE plpgsql AS $$
DECLARE
    call record;
BEGIN
    IF NOT in_batches THEN -- single calls remember no refusals and net nothing
        UPDATE model.expected SET batch = NULL;
        DELETE FROM model.batched_event;
        DELETE FROM model.request WHERE refusal IS NOT NULL;
        COMMIT;
    END IF;
    FOR call IN
        SELECT e.batch, min(e.place) AS first_place, min(e.operation) AS operation,
            array_agg(e.args[1] ORDER BY e.place) AS users,
            array_agg(e.args[2] ORDER BY e.place) AS seconds,
            array_agg(e.args[3] ORDER BY e.place) AS thirds,
            array_agg(e.args[4] ORDER BY e.place) AS fourths,
            array_agg(e.args[5] ORDER BY e.place) AS fifths,
            array_agg(e.args[6] ORDER BY e.place) AS sixths,
            array_agg(model.memo_of(e.operation, e.args) ORDER BY e.place) AS memos
        FROM model.expected e
        WHERE NOT EXISTS (SELECT FROM model.answer a WHERE a.place = e.place)
        GROUP BY e.batch, CASE WHEN e.batch IS NULL THEN e.place END
        ORDER BY 2
    LOOP
        IF call.batch IS NULL THEN
            PERFORM model.run_single(call.first_place);
        ELSIF call.operation = 'buy' THEN
            INSERT INTO model.answer
            SELECT call.first_place - 1 + r.ordinal, model.code_of(r.outcome), r.detail, r.replayed,
                model.told(to_jsonb(r)), r.transaction_id
            FROM mvm_buy_batch(call.users::bigint[], call.seconds::bigint[], call.thirds::bigint[], call.fifths,
                call.fourths::numeric[], call.memos) r;
        ELSE
            INSERT INTO model.answer
            SELECT call.first_place - 1 + r.ordinal, model.code_of(r.outcome), r.detail, r.replayed,
                model.told(to_jsonb(r)), r.transaction_id
            FROM mvm_exchange_batch(call.users::bigint[], call.seconds::numeric[], call.thirds::integer[],
                call.fourths::integer[], call.sixths, call.fifths::numeric[], call.memos) r;
        END IF;
        CALL model.perhaps_commit();
    END LOOP;
    COMMIT;
    CALL model.take_engine_ids();
END $$;

-- The engine's ids need only be in the order of effect: the model's events, quotes
-- and holds take over the ids of the engine's at the same rank, or one that the
-- engine never gives where it has no such row.
CREATE PROCEDURE model.take_engine_ids() LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO model.new_id
    SELECT m.what, m.id, COALESCE(e.id, -m.id)
    FROM (SELECT what, id, row_number() OVER (PARTITION BY what ORDER BY id) AS rank
        FROM (SELECT 'event' AS what, id FROM model.event
            UNION ALL SELECT 'quote', id FROM model.quote
            UNION ALL SELECT 'hold', id FROM model.hold) ids) m
    LEFT JOIN (SELECT what, id, row_number() OVER (PARTITION BY what ORDER BY id) AS rank
        FROM (SELECT 'event' AS what, id FROM mvm.journal
            UNION ALL SELECT 'quote', id FROM mvm.quote
            UNION ALL SELECT 'hold', id FROM mvm.hold) ids) e USING (what, rank)
    WHERE m.id IS DISTINCT FROM e.id;
    CALL model.renumber();
    COMMIT;
END $$;

-- ---------------------------------------------------------------------------
-- Comparing
-- ---------------------------------------------------------------------------

-- The first answers that differ from the model's; in the order of the sequence.
CREATE FUNCTION model.differing_answers() RETURNS TABLE (difference text) LANGUAGE sql AS $$
    SELECT format(E'order %s, %s: %s(%s)\n  engine: %s %s%s %s %s\n  model:  %s %s%s %s', e.place,
        COALESCE('batch ' || e.batch, 'a single call'), model.function_of(e.operation), model.arguments(e.operation, e.args),
        a.code, CASE WHEN a.replayed THEN 'replayed ' END, a.transaction_id, a.result, a.detail,
        e.code, CASE WHEN e.replayed THEN 'replayed ' END, e.event_id, e.result)
    FROM model.expected e
    LEFT JOIN model.answer a ON a.place = e.place
    WHERE a.code IS DISTINCT FROM e.code OR a.replayed <> e.replayed OR a.result::text IS DISTINCT FROM e.result::text
        OR a.transaction_id IS DISTINCT FROM e.event_id
    ORDER BY e.place
$$;

-- The detail of a remembered refusal stays that of the first answer.
CREATE FUNCTION model.differing_details() RETURNS TABLE (difference text) LANGUAGE sql AS $$
    SELECT format('order %s has the detail "%s", its key remembers "%s"', e.place, a.detail, k.refusal_detail)
    FROM model.expected e
    JOIN model.answer a ON a.place = e.place
    LEFT JOIN mvm.idempotency_key k ON k.user_id = e.args[1]::bigint AND k.key = e.args[cardinality(e.args)]
    WHERE (e.remembered OR e.replayed AND e.code <> '00000') AND a.detail IS DISTINCT FROM k.refusal_detail
    ORDER BY e.place
$$;

-- What a sequence has to meet to prove something, where it did not.
CREATE FUNCTION model.never_met(repeats_refusals boolean) RETURNS TABLE (what text) LANGUAGE sql AS $$
    SELECT 'no ' || operation || ' in a batch met ' || wanted_code
    FROM (VALUES
        ('buy', '{00000,MV001,MV002,MV101,MV102,MV104,MV106,MV201,MV202,MV203,MV301,MV401}'::text[]),
        ('exchange', '{00000,MV001,MV003,MV101,MV103,MV106,MV201,MV203,MV204,MV301,MV401}')
    ) wanted (operation, codes), unnest(codes) wanted_code
    WHERE NOT EXISTS (SELECT FROM model.expected e
        WHERE e.batch IS NOT NULL AND e.operation = wanted.operation AND e.code = wanted_code)
    UNION ALL
    SELECT operation || ' succeeds too seldom in batches'
    FROM model.expected WHERE batch IS NOT NULL
    GROUP BY operation HAVING avg((code = '00000')::integer) < 0.1
    UNION ALL
    SELECT 'no key stands twice in a batch and is answered by its first order'
    WHERE NOT EXISTS (SELECT FROM model.expected e JOIN model.batched_event b ON b.event_id = e.event_id
        WHERE e.replayed AND e.batch = b.batch)
    UNION ALL
    SELECT 'no batch answers a key of an earlier call'
    WHERE NOT EXISTS (SELECT FROM model.expected e LEFT JOIN model.batched_event b ON b.event_id = e.event_id
        WHERE e.replayed AND e.event_id IS NOT NULL AND e.batch <> COALESCE(b.batch, 0))
    UNION ALL
    SELECT 'no wallet moves twice in a batch'
    WHERE NOT EXISTS (SELECT FROM model.batched_event b JOIN model.event e ON e.id = b.event_id
        GROUP BY b.batch, e.user_id, e.from_universe_id HAVING count(*) > 1)
    UNION ALL
    SELECT 'no batch releases a hold past its time'
    WHERE NOT EXISTS (SELECT FROM model.batched_event b JOIN model.event e ON e.id = b.event_id WHERE e.kind = 'release')
    UNION ALL
    SELECT 'no refusal is repeated ' || place
    FROM (VALUES ('in a batch', true), ('by a single call', false)) wanted (place, in_batch)
    WHERE repeats_refusals AND NOT EXISTS (SELECT FROM model.expected e
        WHERE e.replayed AND e.code <> '00000' AND (e.batch IS NOT NULL) = in_batch)
$$;
