-- The driver of the model test: random operations from a seed, each run on the
-- extension and on the model, each pair of outcomes compared at once.
--
-- The choices depend on the seed and on the model's state alone, so a seed
-- repeats its run exactly.

-- ---------------------------------------------------------------------------
-- Running one call on one side
-- ---------------------------------------------------------------------------

CREATE TYPE model.outcome AS (sqlstate text, message text, detail text, result jsonb);

CREATE FUNCTION model.attempt(query text) RETURNS model.outcome LANGUAGE plpgsql AS $$
DECLARE
    outcome model.outcome;
BEGIN
    EXECUTE query INTO outcome.result;
    outcome.sqlstate := '00000';
    RETURN outcome;
EXCEPTION WHEN OTHERS THEN
    outcome := (SQLSTATE, SQLERRM, NULL, NULL);
    GET STACKED DIAGNOSTICS outcome.detail = PG_EXCEPTION_DETAIL;
    RETURN outcome;
END $$;

-- A null argument is the null of its type, so no call is ambiguous.
CREATE FUNCTION model.arguments(operation text, args text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    types text[] := CASE operation
        WHEN 'create_universe' THEN '{text,text,numeric,integer}'
        WHEN 'set_exchange_rate' THEN '{integer,numeric}'
        WHEN 'create_user' THEN '{text,integer,numeric}'
        WHEN 'list_item' THEN '{bigint,text,numeric,bigint,integer}'
        WHEN 'deposit' THEN '{bigint,numeric,integer,text}'
        WHEN 'withdraw' THEN '{bigint,numeric,integer,text}'
        WHEN 'convert' THEN '{numeric,integer,integer}'
        WHEN 'exchange' THEN '{bigint,numeric,integer,integer,text}'
        WHEN 'buy' THEN '{bigint,bigint,bigint,text}'
        WHEN 'balance' THEN '{bigint,integer}'
        WHEN 'trades' THEN '{bigint,integer,bigint}'
    END;
BEGIN
    FOR i IN 1 .. cardinality(args) LOOP
        args[i] := quote_nullable(args[i]) || '::' || types[i];
    END LOOP;
    RETURN array_to_string(args, ', ');
END $$;

CREATE FUNCTION model.engine_call(operation text, args text[]) RETURNS text LANGUAGE sql AS $$
    SELECT CASE
        WHEN operation = 'trades' THEN format(
            'SELECT jsonb_agg(to_jsonb(r) - ''transaction_time'') FROM mvm_%s(%s) r', operation, list)
        WHEN operation IN ('balance', 'convert') THEN format('SELECT to_jsonb(mvm_%s(%s))', operation, list)
        ELSE format('SELECT to_jsonb(r) - ''transaction_time'' FROM mvm_%s(%s) r', operation, list)
    END
    FROM model.arguments(operation, args) list
$$;

CREATE FUNCTION model.model_call(operation text, args text[]) RETURNS text LANGUAGE sql AS $$
    SELECT format('SELECT model.%s(%s)', operation, model.arguments(operation, args))
$$;

-- ---------------------------------------------------------------------------
-- Random values, most of them good, the boundaries often
-- ---------------------------------------------------------------------------

CREATE FUNCTION model.chance(probability double precision) RETURNS boolean LANGUAGE sql VOLATILE AS $$
    SELECT random() < probability
$$;

CREATE FUNCTION model.below(bound integer) RETURNS integer LANGUAGE sql VOLATILE AS $$
    SELECT floor(random() * bound)::integer
$$;

CREATE FUNCTION model.pick(choices text[]) RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT choices[1 + model.below(cardinality(choices))]
$$;

CREATE FUNCTION model.random_rate() RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT CASE model.below(10)
        WHEN 0 THEN model.pick('{0.000000001,123456789.123456789,999999999999999999,0.000000000000000001,1e17}')
        WHEN 1 THEN model.pick('{0.333333333333333333,0.142857142857142857,7.77,3,1.000000000000000001}')
        WHEN 2 THEN model.pick('{0,-1,NaN,Infinity,-Infinity,1e18,0.0000000000000000001,1.0000000000000000001,
            9999999999999999999,12345678901.123456789}')
        WHEN 3 THEN round(random()::numeric, 9)::text
        WHEN 4 THEN round((random() * 1000)::numeric, 3)::text
        ELSE model.pick('{1,2.5,0.75,2.50,1.10,3,7,0.01,100}')
    END
$$;

CREATE FUNCTION model.random_bad_amount() RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT model.pick('{0,-1,-0.01,NaN,Infinity,-Infinity,1e131071,-1e131071,1e-16383,0.0000000001,
        0.005,0.0049999999999999999,0.00500000000000000001,1e19,1e20,18446744073709551616,-9223372036854775808,
        9223372036854775807,9223372036854775808,9223372036854775807.4,9223372036854775807.5,
        92233720368547758.07,92233720368547758.074,92233720368547758.075,9223372036.854775807,9223372036.8547758075}')
$$;

-- Most amounts are around what the wallet holds: parts of it, all of it, a minor
-- unit or half of one more.
CREATE FUNCTION model.random_amount(of_user text, in_universe text) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    held numeric := model.balance_minor(of_user::bigint, in_universe::integer);
    decimals integer := COALESCE((SELECT currency_scale FROM model.universe WHERE id = in_universe::integer), 2);
    minor numeric;
BEGIN
    CASE model.below(20)
        WHEN 0 THEN RETURN model.random_bad_amount();
        WHEN 1 THEN minor := held;
        WHEN 2 THEN minor := held + 1;
        WHEN 3 THEN minor := held + 0.5;
        WHEN 4 THEN minor := 1 + model.below(20) + 0.5;
        WHEN 5 THEN RETURN model.pick('{1,0.30000000000000004,0.1,10,2.675,1.005}');
        WHEN 6 THEN minor := round((random() * 100)::numeric, 6);
        WHEN 7 THEN minor := 9223372036854775807 - held + model.below(2);
        WHEN 8 THEN minor := 1 + model.below(9);
        ELSE minor := trunc(held * random()::numeric * CASE WHEN model.chance(0.5) THEN 0.05 ELSE 1 END);
    END CASE;
    RETURN trim_scale(minor * model.power_of_ten(-decimals))::text;
END $$;

CREATE FUNCTION model.random_income(in_universe text) RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT trunc(power(10, random() * 9)::numeric, model.below(COALESCE(
        (SELECT currency_scale FROM model.universe WHERE id = in_universe::integer), 2) + 2))::text
$$;

CREATE FUNCTION model.random_name(prefix text, pool integer) RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT CASE WHEN model.chance(0.95) THEN prefix || model.below(pool)
        ELSE (ARRAY['', ' ', E'\t\n', NULL, repeat('ж', 255), repeat('ж', 256), repeat('x', 32), repeat('x', 33)])
            [1 + model.below(8)]
    END
$$;

CREATE FUNCTION model.random_key() RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT CASE
        WHEN model.chance(0.75) THEN NULL
        WHEN model.chance(0.9) THEN 'key' || model.below(300)
        ELSE (ARRAY['', ' ', repeat('k', 255), repeat('k', 256), repeat('ж', 255), repeat('ж', 256)])[1 + model.below(6)]
    END
$$;

-- Ids of the rows that exist, now and then one that does not, or none.
CREATE FUNCTION model.random_id(ids bigint[]) RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT CASE
        WHEN model.chance(0.02) OR cardinality(ids) = 0
            THEN model.pick('{0,-1,987654321,2147483647,-2147483648}')
        WHEN model.chance(0.005) THEN NULL
        ELSE ids[1 + model.below(cardinality(ids))]::text
    END
$$;

CREATE FUNCTION model.random_item() RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT CASE WHEN model.chance(0.9) THEN
        -- recent ones: with stock left, few enough to meet again
        model.random_id(ARRAY(SELECT id FROM model.item ORDER BY id DESC LIMIT 25))
    ELSE model.random_id(ARRAY(SELECT id FROM model.item ORDER BY id LIMIT 50)) END
$$;

CREATE FUNCTION model.random_pieces(of_item text) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    left_over numeric := COALESCE((SELECT stock FROM model.item WHERE id = of_item::bigint), 1);
BEGIN
    RETURN CASE model.below(25)
        WHEN 0 THEN model.pick('{0,-1,NULL,-9223372036854775808,9223372036854775807,1000000}')::numeric
        WHEN 1 THEN left_over
        WHEN 2 THEN LEAST(left_over + 1, 9223372036854775807)
        ELSE 1 + model.below(3)
    END::text;
END $$;

-- ---------------------------------------------------------------------------
-- Random operations
-- ---------------------------------------------------------------------------

CREATE FUNCTION model.random_arguments(operation text) RETURNS text[] LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    users bigint[] := ARRAY(SELECT id FROM model.person ORDER BY id);
    universes bigint[] := ARRAY(SELECT id FROM model.universe ORDER BY id);
    actor text := model.random_id(users);
    chosen_universe text := model.random_id(universes);
    home text := (SELECT universe_id::text FROM model.person WHERE id = actor::bigint);
    wallets bigint[];
    chosen_item text;
    amount text;
BEGIN
    CASE operation
        WHEN 'create_universe' THEN
            RETURN ARRAY[model.random_name('universe', 15), model.random_name('C', 90), model.random_rate(),
                CASE WHEN model.chance(0.9) THEN model.below(10)::text ELSE model.pick('{-1,10,2147483647,2}') END];
        WHEN 'set_exchange_rate' THEN
            RETURN ARRAY[chosen_universe, model.random_rate()];
        WHEN 'create_user' THEN
            RETURN ARRAY[model.random_name('user', 40), chosen_universe,
                CASE WHEN model.chance(0.3) THEN '0' WHEN model.chance(0.2) THEN model.random_bad_amount()
                ELSE model.random_income(chosen_universe) END];
        WHEN 'list_item' THEN
            IF model.chance(0.3) THEN
                actor := NULL;
            ELSIF model.chance(0.6) THEN
                chosen_universe := NULL;
            END IF;
            RETURN ARRAY[actor, model.random_name('item', 1000),
                CASE WHEN model.chance(0.07) THEN model.random_bad_amount()
                ELSE trunc(power(10, random() * 4 - 1)::numeric, model.below(4))::text END,
                CASE WHEN model.chance(0.95) THEN model.below(60)::text
                ELSE model.pick('{-1,9223372036854775807,1000000000000}') END,
                chosen_universe];
        WHEN 'deposit', 'withdraw' THEN
            IF model.chance(0.5) THEN
                chosen_universe := home;
            END IF;
            amount := CASE WHEN operation = 'deposit' AND model.chance(0.8) THEN model.random_income(chosen_universe)
                ELSE model.random_amount(actor, chosen_universe) END;
            RETURN ARRAY[actor, amount,
                CASE WHEN chosen_universe = home AND model.chance(0.5) THEN NULL ELSE chosen_universe END, model.random_key()];
        WHEN 'convert' THEN
            RETURN ARRAY[model.random_amount(actor, chosen_universe), chosen_universe, model.random_id(universes)];
        WHEN 'exchange' THEN
            -- mostly out of a wallet that holds something
            wallets := ARRAY(SELECT w.universe_id FROM model.wallet w
                WHERE w.user_id = actor::bigint AND w.balance > 0 ORDER BY 1);
            IF cardinality(wallets) > 0 AND model.chance(0.95) THEN
                chosen_universe := model.random_id(wallets);
            END IF;
            IF model.chance(0.93) THEN
                universes := array_remove(universes, chosen_universe::bigint);
            END IF;
            RETURN ARRAY[actor, model.random_amount(actor, chosen_universe), chosen_universe, model.random_id(universes),
                model.random_key()];
        WHEN 'buy' THEN
            chosen_item := model.random_item();
            RETURN ARRAY[actor, chosen_item, model.random_pieces(chosen_item), model.random_key()];
        WHEN 'balance' THEN
            RETURN ARRAY[actor, CASE WHEN model.chance(0.5) THEN chosen_universe END];
        WHEN 'trades' THEN
            RETURN ARRAY[actor, model.pick('{1,2,5,100,0,-1}'),
                CASE WHEN model.chance(0.6) THEN (1 + model.below(
                    COALESCE((SELECT max(id) FROM model.event), 0)::integer + 2))::text END];
    END CASE;
END $$;

-- A keyed call made again: mostly the same, sometimes written another way or
-- changed in one argument.
CREATE FUNCTION model.again(operation text, args text[]) RETURNS text[] LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    place integer := 1 + model.below(cardinality(args) - 1);
BEGIN
    IF model.chance(0.5) THEN
        RETURN args;
    END IF;
    IF operation IN ('deposit', 'withdraw', 'exchange') AND model.chance(0.5) THEN
        IF args[2] !~ '[NI]|e' THEN
            args[2] := (args[2]::numeric + 0.0000000001)::text;
        END IF;
        IF operation <> 'exchange' AND args[3] IS NULL AND model.chance(0.5) THEN
            args[3] := (SELECT universe_id FROM model.person WHERE id = args[1]::bigint)::text;
        END IF;
        RETURN args;
    END IF;
    args[place] := (model.random_arguments(operation))[place];
    RETURN args;
END $$;

-- ---------------------------------------------------------------------------
-- Comparing whole tables
-- ---------------------------------------------------------------------------

-- Rows that only one side has, as text; none when the sides are equal. Texts
-- compare scales too: 1.0 is not 1.00.
CREATE FUNCTION model.only_on_one_side(what text, engine_query text, model_query text)
RETURNS TABLE (difference text) LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE format(
        'WITH e AS (SELECT to_jsonb(q)::text AS r FROM (%s) q), m AS (SELECT to_jsonb(q)::text AS r FROM (%s) q)
         (SELECT %L || '' only in the engine: '' || r FROM (TABLE e EXCEPT ALL TABLE m) x)
         UNION ALL
         (SELECT %L || '' only in the model: '' || r FROM (TABLE m EXCEPT ALL TABLE e) x)',
        engine_query, model_query, what, what);
END $$;

CREATE FUNCTION model.differing_balances() RETURNS TABLE (difference text) LANGUAGE sql AS $$
    SELECT model.only_on_one_side('wallets',
        'SELECT user_id, universe_id, balance FROM mvm.wallets',
        'SELECT w.user_id, w.universe_id, model.to_amount(w.balance, u.currency_scale) AS balance
         FROM model.wallet w JOIN model.universe u ON u.id = w.universe_id')
    UNION ALL
    SELECT model.only_on_one_side('items',
        'SELECT id, name, universe_id, seller_id, price, stock FROM mvm.items',
        'SELECT i.id, i.name, i.universe_id, i.seller_id, model.to_amount(i.price, u.currency_scale) AS price, i.stock
         FROM model.item i JOIN model.universe u ON u.id = i.universe_id')
$$;

-- The orders of batches: which call wrote which event. Every other event has a
-- call of its own.
CREATE TABLE model.batched_event (event_id bigint PRIMARY KEY DEFERRABLE, batch integer NOT NULL);

CREATE VIEW model.call_of_event AS
SELECT e.id AS event_id, COALESCE('batch ' || b.batch, 'event ' || e.id) AS call
FROM model.event e LEFT JOIN model.batched_event b ON b.event_id = e.id;

CREATE FUNCTION model.differing_tables() RETURNS TABLE (difference text) LANGUAGE sql AS $$
    SELECT model.differing_balances()
    UNION ALL
    SELECT model.only_on_one_side('universes', 'SELECT * FROM mvm.universes', 'SELECT * FROM model.universe')
    UNION ALL
    SELECT model.only_on_one_side('users', 'SELECT id, username, universe_id, balance FROM mvm.users',
        'SELECT p.id, p.username, p.universe_id,
            model.to_amount(model.balance_minor(p.id, p.universe_id), u.currency_scale) AS balance
         FROM model.person p JOIN model.universe u ON u.id = p.universe_id')
    UNION ALL
    SELECT model.only_on_one_side('transactions',
        'SELECT to_jsonb(t) - ''transaction_time'' AS r FROM mvm.transactions t',
        'SELECT model.transaction_row(id) AS r FROM model.event')
    UNION ALL
    SELECT model.only_on_one_side('trades',
        'SELECT to_jsonb(t) - ''transaction_time'' AS r FROM mvm.trades t',
        'SELECT model.trade_row(id) AS r FROM model.event WHERE kind = ''purchase''')
    UNION ALL
    SELECT model.only_on_one_side('ledger',
        'SELECT transaction_id, account, user_id, universe_id, amount FROM mvm.ledger',
        'SELECT l.transaction_id, l.account, l.user_id, l.universe_id, model.to_amount(l.amount, u.currency_scale) AS amount
         FROM model.leg l JOIN model.universe u ON u.id = l.universe_id')
    UNION ALL
    SELECT model.only_on_one_side('house accounts',
        'SELECT account, universe_id, sum(amount) AS total FROM mvm.ledger WHERE account <> ''wallet'' GROUP BY 1, 2',
        'SELECT l.account, l.universe_id, sum(model.to_amount(l.amount, u.currency_scale)) AS total
         FROM model.leg l JOIN model.universe u ON u.id = l.universe_id WHERE l.account <> ''wallet'' GROUP BY 1, 2')
    UNION ALL
    SELECT model.only_on_one_side('wallets from the ledger',
        'SELECT user_id, universe_id, balance FROM mvm.wallets',
        'SELECT l.user_id, l.universe_id, sum(model.to_amount(l.amount, u.currency_scale)) AS balance
         FROM model.leg l JOIN model.universe u ON u.id = l.universe_id WHERE l.account = ''wallet'' GROUP BY 1, 2')
    UNION ALL
    -- Each call that touched a wallet or an item raised its version by one, a batch
    -- too; a wallet made for a first credit begins empty, one step before it.
    SELECT format('version of wallet (%s, %s) is %s after %s calls', user_id, universe_id, w.version, l.calls)
    FROM mvm.wallet w
    JOIN (SELECT l.user_id, l.universe_id, count(DISTINCT c.call) AS calls
        FROM model.leg l JOIN model.call_of_event c ON c.event_id = l.transaction_id
        WHERE l.account = 'wallet' GROUP BY 1, 2) l
        USING (user_id, universe_id)
    WHERE w.version NOT IN (l.calls, l.calls + 1)
    UNION ALL
    SELECT model.only_on_one_side('item versions',
        'SELECT id, version FROM mvm.item',
        'SELECT e.item_id AS id, count(DISTINCT c.call) AS version
         FROM model.event e JOIN model.call_of_event c ON c.event_id = e.id WHERE e.item_id IS NOT NULL GROUP BY 1')
    UNION ALL
    SELECT model.only_on_one_side('idempotency keys',
        'SELECT user_id, key, transaction_id, refusal FROM mvm.idempotency_key',
        'SELECT q.user_id, q.key, q.event_id AS transaction_id, r.name AS refusal
         FROM model.request q LEFT JOIN model.refusal r ON r.code = q.refusal')
    UNION ALL
    SELECT 'audit: ' || to_jsonb(a)::text FROM mvm_audit() a
$$;

-- ---------------------------------------------------------------------------
-- The run
-- ---------------------------------------------------------------------------

CREATE TABLE model.tally (operation text, sqlstate text, times bigint, PRIMARY KEY (operation, sqlstate));
CREATE TABLE model.keyed_call (place integer PRIMARY KEY, operation text, args text[]);

CREATE PROCEDURE model.fail(seed integer, step integer, operation text, args text[], detail text) LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION E'the engine and the model differ\n  seed %, step %\n  SELECT * FROM mvm_%(%);\n  %',
        seed, step, operation, model.arguments(operation, args), detail;
END $$;

CREATE PROCEDURE model.run(seed integer, steps integer) LANGUAGE plpgsql AS $$
DECLARE
    operation text;
    args text[];
    engine model.outcome;
    twin model.outcome;
    earlier model.keyed_call;
    slot integer;
    last_id bigint;
    last_event_id bigint;
    engine_event_id bigint;
    difference text;
BEGIN
    PERFORM setseed(seed / 1000000000.0);
    FOR step IN 1 .. steps LOOP
        operation := CASE
            WHEN step <= 4 THEN 'create_universe'
            WHEN step <= 12 THEN 'create_user'
            ELSE model.pick('{create_universe,create_user,create_user,
                list_item,list_item,list_item,list_item,set_exchange_rate,
                deposit,deposit,deposit,deposit,deposit,deposit,withdraw,withdraw,withdraw,withdraw,
                exchange,exchange,exchange,exchange,exchange,exchange,exchange,exchange,exchange,exchange,
                buy,buy,buy,buy,buy,buy,buy,buy,buy,buy,buy,buy,buy,buy,
                convert,convert,balance,balance,trades}')
        END;
        earlier := NULL;
        IF model.chance(0.08) THEN
            slot := model.below(60);
            SELECT * INTO earlier FROM model.keyed_call WHERE place = slot;
        END IF;
        IF earlier.operation IS NOT NULL THEN
            operation := earlier.operation;
            args := model.again(operation, earlier.args);
        ELSE
            args := model.random_arguments(operation);
        END IF;

        engine := model.attempt(model.engine_call(operation, args));

        -- The model takes over the ids that the engine gave, once they are seen to grow.
        last_event_id := COALESCE((SELECT max(id) FROM model.event), 0);
        engine_event_id := COALESCE((SELECT max(id) FROM mvm.journal), 0);
        PERFORM set_config('model.next_event_id', GREATEST(engine_event_id, last_event_id + 1)::text, false);
        IF operation IN ('create_universe', 'create_user', 'list_item') THEN
            last_id := COALESCE(CASE operation
                WHEN 'create_universe' THEN (SELECT max(id) FROM model.universe)
                WHEN 'create_user' THEN (SELECT max(id) FROM model.person)
                ELSE (SELECT max(id) FROM model.item) END, 0);
            IF (engine.result ->> 'id')::bigint <= last_id THEN
                CALL model.fail(seed, step, operation, args, format('new id %s after %s', engine.result ->> 'id', last_id));
            END IF;
            PERFORM set_config('model.next_id', COALESCE(engine.result ->> 'id', (last_id + 1)::text), false);
        END IF;

        twin := model.attempt(model.model_call(operation, args));

        IF engine.sqlstate <> twin.sqlstate OR engine.message IS DISTINCT FROM twin.message
            OR engine.result::text IS DISTINCT FROM twin.result::text THEN
            CALL model.fail(seed, step, operation, args, format(E'engine: %s %s %s\n  model:  %s %s %s',
                engine.sqlstate, engine.message, engine.result, twin.sqlstate, twin.message, twin.result));
        END IF;
        last_event_id := COALESCE((SELECT max(id) FROM model.event), 0);
        IF engine_event_id <> last_event_id THEN
            CALL model.fail(seed, step, operation, args,
                format('newest journal row: engine %s, model %s', engine_event_id, last_event_id));
        END IF;

        INSERT INTO model.tally AS t VALUES (operation, engine.sqlstate, 1)
            ON CONFLICT ON CONSTRAINT tally_pkey DO UPDATE SET times = t.times + 1;
        IF operation IN ('deposit', 'withdraw', 'exchange', 'buy') AND args[cardinality(args)] IS NOT NULL THEN
            INSERT INTO model.keyed_call VALUES (model.below(60), operation, args)
                ON CONFLICT ON CONSTRAINT keyed_call_pkey DO UPDATE SET operation = EXCLUDED.operation, args = EXCLUDED.args;
        END IF;

        -- Transactions of random length at random levels; some are undone, on both sides at once.
        IF model.chance(0.05) THEN
            PERFORM set_config('default_transaction_isolation',
                model.pick('{read committed,repeatable read,serializable}'), false);
            IF model.chance(0.1) THEN
                ROLLBACK;
            ELSE
                COMMIT;
            END IF;
        END IF;
        IF step % 500 = 0 THEN
            SELECT d.difference INTO difference FROM model.differing_balances() d LIMIT 1;
            IF FOUND THEN
                CALL model.fail(seed, step, operation, args, difference);
            END IF;
        END IF;
    END LOOP;
    COMMIT;
END $$;
