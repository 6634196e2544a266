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

-- A null argument is the null of its type, so no call is ambiguous. The key is the
-- last argument of every call that takes one, so those where it is not are named.
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
        WHEN 'exchange' THEN '{bigint,numeric,integer,integer,min_converted=>numeric,idempotency_key=>text}'
        WHEN 'buy' THEN '{bigint,bigint,bigint,max_amount=>numeric,idempotency_key=>text}'
        WHEN 'buy_from' THEN '{bigint,bigint,bigint,max_amount=>numeric,pay_from=>integer[],idempotency_key=>text}'
        WHEN 'payout' THEN '{integer,text,numeric,text}'
        WHEN 'restock' THEN '{bigint,bigint,text}'
        WHEN 'set_price' THEN '{bigint,numeric}'
        WHEN 'delist_item' THEN '{bigint}'
        WHEN 'relist_item' THEN '{bigint}'
        WHEN 'transfer' THEN '{bigint,bigint,numeric,integer,text}'
        WHEN 'move_user' THEN '{bigint,integer}'
        WHEN 'refund' THEN '{bigint,bigint,text}'
        WHEN 'quote' THEN '{bigint,numeric,integer,integer,interval}'
        WHEN 'quote_briefly' THEN '{bigint,numeric,integer,integer}'
        WHEN 'expire_quote' THEN '{bigint}'
        WHEN 'accept_quote' THEN '{bigint}'
        WHEN 'reserve' THEN '{bigint,bigint,bigint,interval,text}'
        WHEN 'reserve_briefly' THEN '{bigint,bigint,bigint}'
        WHEN 'capture' THEN '{bigint,bigint,text}'
        WHEN 'release' THEN '{bigint}'
        WHEN 'sweep_holds' THEN '{integer}'
        WHEN 'expire' THEN '{bigint}'
        WHEN 'set_rules' THEN '{integer,boolean,boolean,numeric,numeric,numeric,numeric,bigint,interval,interval,bigint,bigint}'
        WHEN 'set_route' THEN '{integer,integer,boolean,numeric}'
        WHEN 'balance' THEN '{bigint,integer}'
        WHEN 'trades' THEN '{bigint,integer,bigint}'
    END;
BEGIN
    FOR i IN 1 .. cardinality(args) LOOP
        args[i] := COALESCE(substring(types[i] FROM '.*=>'), '') || quote_nullable(args[i])
            || '::' || regexp_replace(types[i], '.*=>', '');
    END LOOP;
    RETURN array_to_string(args, ', ');
END $$;

-- Nobody can wait for a long time to be over, so the test turns its clock.
CREATE FUNCTION model.expire_in_engine(of_hold bigint) RETURNS jsonb LANGUAGE sql AS $$
    UPDATE mvm.hold SET created_at = '2000-01-01', expires_at = '2000-01-02'
    WHERE id = of_hold AND state = 'a' RETURNING to_jsonb(id)
$$;

CREATE FUNCTION model.expire_quote_in_engine(of_quote bigint) RETURNS jsonb LANGUAGE sql AS $$
    UPDATE mvm.quote SET created_at = '2000-01-01', expires_at = '2000-01-02' WHERE id = of_quote RETURNING to_jsonb(id)
$$;

-- A short one it waits for.
CREATE FUNCTION model.wait_until(moment timestamptz) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    WHILE clock_timestamp() < moment LOOP
        PERFORM pg_sleep(0.0005);
    END LOOP;
END $$;

CREATE FUNCTION model.quote_briefly_in_engine(of_user bigint, amount numeric, from_id integer, to_id integer) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    quote mvm.quotes := mvm_quote(of_user, amount, from_id, to_id, '1 ms');
BEGIN
    PERFORM model.wait_until(quote.expires_at);
    RETURN model.without_times(to_jsonb(quote));
END $$;

-- Whether it was over before the answer was made is left to chance.
CREATE FUNCTION model.reserve_briefly_in_engine(buyer bigint, item bigint, pieces bigint) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    hold mvm.holds := mvm_reserve(buyer, item, pieces, '1 ms');
BEGIN
    PERFORM model.wait_until(hold.expires_at);
    RETURN model.without_times(to_jsonb(hold)) - 'state';
END $$;

CREATE FUNCTION model.without_times(answer jsonb) RETURNS jsonb LANGUAGE sql AS $$
    SELECT answer - '{transaction_time,created_at,expires_at}'::text[]
$$;

-- Which function of the engine runs the operation.
CREATE FUNCTION model.function_of(operation text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT 'mvm_' || regexp_replace(operation, '_(from|briefly)$', '')
$$;

-- The memo that a call comes with, mostly none; one for a key, so that a repeat is a repeat.
CREATE FUNCTION model.memo_of(operation text, args text[]) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN operation NOT IN ('deposit', 'withdraw', 'transfer', 'exchange', 'buy', 'buy_from') OR drawn % 10 < 6 THEN NULL
        WHEN drawn = 99 THEN repeat('ж', 256)
        WHEN drawn > 96 THEN repeat('ж', 255)
        WHEN drawn > 94 THEN ''
        ELSE E'memo "\\{,}" ' || drawn
    END
    FROM (SELECT abs(hashtext(COALESCE(args[cardinality(args)], args::text)) % 100) AS drawn) d
$$;

CREATE FUNCTION model.engine_call(operation text, args text[]) RETURNS text LANGUAGE sql AS $$
    SELECT CASE
        WHEN operation = 'trades' THEN format(
            'SELECT jsonb_agg(to_jsonb(r) - ''transaction_time'') FROM %s(%s) r', model.function_of(operation), list)
        WHEN operation IN ('balance', 'convert', 'sweep_holds') THEN format('SELECT to_jsonb(%s(%s))', model.function_of(operation), list)
        WHEN operation IN ('expire', 'reserve_briefly', 'expire_quote', 'quote_briefly') THEN format('SELECT model.%s_in_engine(%s)', operation, list)
        ELSE format('SELECT model.without_times(to_jsonb(r)) FROM %s(%s) r', model.function_of(operation), list)
    END
    FROM (SELECT model.arguments(operation, args)
        || COALESCE(', memo=>' || quote_literal(model.memo_of(operation, args)), '') AS list) l
$$;

CREATE FUNCTION model.model_call(operation text, args text[]) RETURNS text LANGUAGE sql AS $$
    SELECT format('SELECT model.%s(%s) FROM set_config(''model.memo'', %L, false)', operation,
        model.arguments(operation, args), COALESCE('m' || model.memo_of(operation, args), ''))
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
        0.005,0.0049999999999999999,0.00500000000000000001,1e19,1e20,1e20,18446744073709551616,-9223372036854775808,
        100000000000000000000.5,100000000000000000000.000000000000001,9223372036854775807,9223372036854775808,
        9223372036854775807.4,9223372036854775807.5,9223372036854775807.000001,9223372036854775807.999999,
        92233720368547758.07,92233720368547758.074,92233720368547758.07999999,9223372036.854775807,9223372036.8547758075}')
$$;

-- Most amounts are around what the wallet holds: parts of it, all of it, a minor
-- unit more, or next to what the currency has.
CREATE FUNCTION model.random_rest() RETURNS numeric LANGUAGE sql VOLATILE AS $$
    SELECT model.pick('{0.5,0.000001,-0.000001,0.0000009,-0.0000000001,0.0000010001,-0.0000010001,0.000002,-0.000002}')::numeric
$$;

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
        WHEN 3 THEN minor := held + model.random_rest();
        WHEN 4 THEN minor := 1 + model.below(20) + model.random_rest();
        WHEN 5 THEN RETURN model.pick('{1,0.30000000000000004,0.1,10,2.675,1.005}');
        WHEN 6 THEN minor := trunc((random() * 100)::numeric, 1 + model.below(6));
        WHEN 7 THEN minor := 9223372036854775807 - held + model.below(2) - COALESCE((
            SELECT sum(paid) FROM model.hold WHERE state = 'active' AND buyer_id = of_user::bigint), 0);
        WHEN 8 THEN minor := 1 + model.below(9);
        ELSE minor := trunc(held * random()::numeric * CASE WHEN model.chance(0.5) THEN 0.05 ELSE 1 END);
    END CASE;
    RETURN trim_scale(minor * model.power_of_ten(-decimals))::text;
END $$;

-- Parts of what the house holds, all of it, or a minor unit more.
CREATE FUNCTION model.random_payout(in_universe text, account text) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    held numeric := model.house_minor(in_universe::integer, account);
    decimals integer := COALESCE((SELECT currency_scale FROM model.universe WHERE id = in_universe::integer), 2);
BEGIN
    RETURN CASE model.below(10)
        WHEN 0 THEN model.random_bad_amount()
        WHEN 1 THEN trim_scale((held + 1) * model.power_of_ten(-decimals))::text
        WHEN 2 THEN trim_scale(held * model.power_of_ten(-decimals))::text
        ELSE trim_scale(GREATEST(trunc(held * random()::numeric * 0.3), 1) * model.power_of_ten(-decimals))::text
    END;
END $$;

CREATE FUNCTION model.random_income(in_universe text) RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT trunc(power(10, random() * 9)::numeric, model.below(COALESCE(
        (SELECT currency_scale FROM model.universe WHERE id = in_universe::integer), 2) + 1))::text
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
CREATE FUNCTION model.random_id(ids bigint[]) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN (
        SELECT CASE
            WHEN model.chance(0.02) OR cardinality(ids) = 0
                THEN model.pick('{0,-1,987654321,2147483647,-2147483648}')
            WHEN model.chance(0.005) THEN NULL
            ELSE ids[1 + model.below(cardinality(ids))]::text
        END
    );
END $$;

CREATE FUNCTION model.random_item() RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN (
        SELECT CASE WHEN model.chance(0.9) THEN
            -- recent ones: with stock left, few enough to meet again
            model.random_id(ARRAY(SELECT id FROM model.item ORDER BY id DESC LIMIT 25))
        ELSE model.random_id(ARRAY(SELECT id FROM model.item ORDER BY id LIMIT 50)) END
    );
END $$;

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

-- Around what the deal costs or credits now, so that it is sometimes just kept to; mostly none.
CREATE FUNCTION model.random_limit(exact_minor numeric, in_universe integer) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    IF model.chance(0.75) THEN
        RETURN NULL;
    ELSIF exact_minor IS NULL OR model.chance(0.1) THEN
        RETURN model.pick('{0,-1,NaN,Infinity,0.0049,1,1000,1e15,1e30}');
    END IF;
    RETURN GREATEST(trim_scale((exact_minor + model.pick('{0,0,0,0.001,-0.001,0.5,-0.5,1,-1,1000}')::numeric) * model.power_of_ten(
        -(SELECT currency_scale FROM model.universe WHERE id = in_universe))), 0.01)::text;
END $$;

CREATE FUNCTION model.random_max_amount(payer_id text, of_item text, pieces text) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    payer model.universe;
    priced_in model.universe;
    ware model.item;
BEGIN
    SELECT * INTO payer FROM model.universe WHERE id = payer_id::integer;
    SELECT * INTO ware FROM model.item WHERE id = of_item::bigint;
    SELECT * INTO priced_in FROM model.universe WHERE id = ware.universe_id;
    RETURN model.random_limit((SELECT paid FROM model.terms(ware.price, pieces::numeric, payer, priced_in,
        0, model.tariff_rate(payer.id, priced_in.id))), payer.id);
END $$;

CREATE FUNCTION model.home_of(of_user text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN (SELECT universe_id FROM model.person WHERE id = of_user::bigint);
END $$;

-- Mostly wallets that hold something; now and then one that is empty or none, a null, twice the same, none or too many.
CREATE FUNCTION model.random_wallets(of_user text) RETURNS integer[] LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    wallets integer[] := ARRAY(
        SELECT u.id FROM model.universe u
        LEFT JOIN model.wallet w ON w.universe_id = u.id AND w.user_id = of_user::bigint
        ORDER BY (COALESCE(w.balance, 0) > 0) DESC, random() LIMIT 1 + model.below(4));
BEGIN
    SELECT array_agg(id ORDER BY random()) INTO wallets FROM unnest(wallets) id;
    RETURN CASE WHEN model.chance(0.92) THEN wallets ELSE
        CASE model.below(7)
            WHEN 0 THEN wallets || NULL::integer
            WHEN 1 THEN wallets || wallets[1]
            WHEN 2 THEN wallets || model.random_id('{}')::integer
            WHEN 3 THEN '{}'::integer[]
            WHEN 4 THEN ARRAY(SELECT generate_series(1, 16))
            WHEN 5 THEN ARRAY(SELECT generate_series(1, 17))
        END
    END;
END $$;

CREATE FUNCTION model.random_min_converted(amount text, from_id text, to_id text) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    origin model.universe;
    target model.universe;
    minor numeric;
BEGIN
    SELECT * INTO origin FROM model.universe WHERE id = from_id::integer;
    SELECT * INTO target FROM model.universe WHERE id = to_id::integer;
    IF model.above_zero(amount::numeric) THEN
        minor := model.to_minor(amount::numeric, origin.currency_scale);
        IF NOT model.too_large(minor) THEN
            minor := model.convert_down(minor, origin, target);
            minor := minor - model.share(minor, target.exchange_fee_rate);
        END IF;
    END IF;
    RETURN model.random_limit(CASE WHEN minor BETWEEN 1 AND 1e18 THEN minor END, target.id);
END $$;

-- Of what a user keeps open: how long and how many.
CREATE FUNCTION model.random_longest() RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT model.pick('{366 days,366 days,366 days,12 mons,1 mon -1 days,36:00:00,1 day,00:10:00,0,-1 s,367 days,13 mons}')
$$;

CREATE FUNCTION model.random_most() RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT model.pick('{100,100,9223372036854775807,2,1,1,1,0,-1}')
$$;

-- Rules that mostly let trade go on; what was closed opens again soon.
CREATE FUNCTION model.random_rules(of_universe text) RETURNS text[] LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    decimals integer := COALESCE((SELECT currency_scale FROM model.universe WHERE id = of_universe::integer), 2);
BEGIN
    RETURN ARRAY[of_universe,
        CASE WHEN model.chance(0.3) THEN model.pick('{t,t,t,t,t,t,t,t,t,f}') END,
        CASE WHEN model.chance(0.3) THEN model.pick('{t,t,t,t,t,t,t,t,t,f}') END,
        CASE WHEN model.chance(0.4)
            THEN model.pick('{0,0.00,0.05,0.125,0.5,0.010,0.000000001,0.333333333,0.999999999,1,-0.1,NaN,0.0000000001,Infinity}') END,
        CASE WHEN model.chance(0.4)
            THEN model.pick('{0,0.00,0.05,0.125,0.5,0.010,0.000000001,0.333333333,0.999999999,1,-0.1,NaN,0.0000000001,Infinity}') END,
        CASE WHEN model.chance(0.3) THEN CASE WHEN model.chance(0.7) THEN '0' WHEN model.chance(0.1) THEN model.random_bad_amount()
            ELSE trim_scale(trunc(power(10, random() * 4)::numeric) * model.power_of_ten(-decimals))::text END END,
        CASE WHEN model.chance(0.3) THEN CASE WHEN model.chance(0.7) THEN 'Infinity' WHEN model.chance(0.1) THEN model.random_bad_amount()
            ELSE trim_scale(trunc(power(10, 2 + random() * 8)::numeric) * model.power_of_ten(-decimals))::text END END,
        CASE WHEN model.chance(0.2)
            THEN model.pick('{9223372036854775807,9223372036854775807,9223372036854775807,2,3,10,1,0,-5}') END,
        CASE WHEN model.chance(0.2) THEN model.random_longest() END, CASE WHEN model.chance(0.5) THEN model.random_longest() END,
        CASE WHEN model.chance(0.3) THEN model.random_most() END, CASE WHEN model.chance(0.3) THEN model.random_most() END];
END $$;

-- Most of what can still be done, now and then what cannot.
CREATE FUNCTION model.random_purchase() RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN (
        SELECT model.random_id(CASE WHEN model.chance(0.95)
            THEN ARRAY(SELECT id FROM model.event WHERE kind = 'purchase' ORDER BY id DESC LIMIT 40)
            ELSE ARRAY(SELECT id FROM model.event ORDER BY id DESC LIMIT 20) END)
    );
END $$;

CREATE FUNCTION model.random_hold() RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN (
        SELECT model.random_id(CASE WHEN model.chance(0.85)
            THEN ARRAY(SELECT id FROM model.hold WHERE state = 'active' ORDER BY id DESC LIMIT 20)
            ELSE ARRAY(SELECT id FROM model.hold ORDER BY id DESC LIMIT 20) END)
    );
END $$;

-- One that can be put back whatever happens until then: the views add what a hold past
-- its time kept to stock and balance as bigint, which goes out of range near its end.
CREATE FUNCTION model.random_hold_with_room() RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN model.random_id(ARRAY(
        SELECT h.id FROM model.hold h JOIN model.item i ON i.id = h.item_id
        WHERE h.state = 'active' AND i.stock < 9e18 AND model.shown_balance(h.buyer_id, h.from_universe_id) < 9e18
        ORDER BY h.id DESC LIMIT 20));
END $$;

CREATE FUNCTION model.random_quote() RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN (
        SELECT model.random_id(CASE WHEN model.chance(0.9)
            THEN ARRAY(SELECT id FROM model.quote WHERE event_id IS NULL ORDER BY id DESC LIMIT 10)
            ELSE ARRAY(SELECT id FROM model.quote ORDER BY id DESC LIMIT 20) END)
    );
END $$;

CREATE FUNCTION model.random_part() RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT CASE WHEN model.chance(0.6) THEN model.pick('{1,1,1,1,2,2,3,0,-1,9223372036854775807}') END
$$;

CREATE FUNCTION model.random_ttl() RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT CASE WHEN model.chance(0.95) THEN model.pick('{1 day,366 days,12 mons,01:00:00}')
        ELSE model.pick('{0,-1 s,367 days,13 mons,366 days 00:00:00.000001,178000000 years}') END
$$;

-- ---------------------------------------------------------------------------
-- Random operations
-- ---------------------------------------------------------------------------

-- The operations that take a key as their last argument, and those of them whose
-- first is the user whom the key belongs to.
CREATE FUNCTION model.takes_key(operation text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT operation IN ('deposit', 'withdraw', 'exchange', 'buy', 'buy_from', 'restock', 'transfer', 'refund', 'reserve', 'capture',
        'payout')
$$;

CREATE FUNCTION model.names_owner_of_key(operation text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT operation IN ('deposit', 'withdraw', 'exchange', 'buy', 'buy_from', 'transfer', 'reserve')
$$;

CREATE FUNCTION model.random_arguments(operation text) RETURNS text[] LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    users bigint[] := ARRAY(SELECT id FROM model.person ORDER BY id);
    universes bigint[] := ARRAY(SELECT id FROM model.universe ORDER BY id);
    actor text := model.random_id(users);
    chosen_universe text := model.random_id(universes);
    home text := model.home_of(actor);
    wallets bigint[];
    paying integer[];
    chosen_item text;
    other text;
    amount text;
    wanted text[];
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
            universes := array_remove(universes, chosen_universe::bigint);
            amount := model.random_amount(actor, chosen_universe);
            other := CASE WHEN model.chance(0.97) THEN model.random_id(universes) ELSE chosen_universe END;
            RETURN ARRAY[actor, amount, chosen_universe, other,
                model.random_min_converted(amount, chosen_universe, other), model.random_key()];
        WHEN 'buy' THEN
            chosen_item := model.random_item();
            amount := model.random_pieces(chosen_item);
            RETURN ARRAY[actor, chosen_item, amount, model.random_max_amount(home, chosen_item, amount), model.random_key()];
        WHEN 'buy_from' THEN
            paying := model.random_wallets(actor);
            chosen_item := model.random_item();
            amount := model.random_pieces(chosen_item);
            RETURN ARRAY[actor, chosen_item, amount,
                model.random_max_amount(paying[cardinality(paying)]::text, chosen_item, amount), paying::text, model.random_key()];
        WHEN 'restock' THEN
            chosen_item := model.random_item();
            amount := model.pick('{1,2,5,20,50,0,-1,9223372036854775807}');
            IF amount::numeric > 50 AND EXISTS (
                SELECT FROM model.hold WHERE state = 'active' AND over AND item_id = chosen_item::bigint)
            THEN
                amount := '7';
            END IF;
            RETURN ARRAY[chosen_item, amount, model.random_key()];
        WHEN 'set_price' THEN
            RETURN ARRAY[model.random_item(), CASE WHEN model.chance(0.1) THEN model.random_bad_amount()
                ELSE trunc(power(10, random() * 4 - 1)::numeric, model.below(4))::text END];
        WHEN 'delist_item', 'relist_item' THEN
            chosen_item := NULL;
            IF operation = 'relist_item' AND model.chance(0.8) THEN
                SELECT id::text INTO chosen_item FROM model.item WHERE NOT listed ORDER BY id DESC LIMIT 1;
            END IF;
            RETURN ARRAY[COALESCE(chosen_item, model.random_item())];
        WHEN 'transfer' THEN
            IF model.chance(0.6) THEN
                chosen_universe := home;
            END IF;
            RETURN ARRAY[actor, model.random_id(users), model.random_amount(actor, chosen_universe),
                CASE WHEN chosen_universe = home AND model.chance(0.5) THEN NULL ELSE chosen_universe END, model.random_key()];
        WHEN 'move_user' THEN
            RETURN ARRAY[actor, chosen_universe];
        WHEN 'payout' THEN
            other := CASE WHEN model.chance(0.95) THEN model.pick('{treasury,fees}') ELSE model.pick('{outside,Fees,NULL}') END;
            RETURN ARRAY[chosen_universe, other, model.random_payout(chosen_universe, other), model.random_key()];
        WHEN 'refund' THEN
            RETURN ARRAY[model.random_purchase(), model.random_part(), model.random_key()];
        WHEN 'quote' THEN
            IF model.chance(0.5) THEN -- another one of a user into the same universe
                SELECT ARRAY[q.user_id, 1 + model.below(1000), q.from_universe_id, q.to_universe_id]::text[] INTO wanted
                FROM (SELECT * FROM model.quote ORDER BY id DESC LIMIT 5) q ORDER BY random() LIMIT 1;
            END IF;
            RETURN COALESCE(wanted, (model.random_arguments('exchange'))[:4]) || model.random_ttl();
        WHEN 'quote_briefly' THEN
            RETURN (model.random_arguments('exchange'))[:4];
        WHEN 'accept_quote', 'expire_quote' THEN
            RETURN ARRAY[model.random_quote()];
        WHEN 'reserve' THEN
            chosen_item := model.random_item();
            RETURN ARRAY[actor, chosen_item, model.random_pieces(chosen_item), model.random_ttl(), model.random_key()];
        WHEN 'capture' THEN
            RETURN ARRAY[model.random_hold(), model.random_part(), model.random_key()];
        WHEN 'release' THEN
            RETURN ARRAY[model.random_hold()];
        WHEN 'reserve_briefly' THEN
            RETURN (model.random_arguments('reserve'))[:3];
        WHEN 'expire' THEN
            RETURN ARRAY[model.random_hold_with_room()];
        WHEN 'sweep_holds' THEN
            RETURN ARRAY[model.pick('{1000,1000,1000,1000,1,2,0,-1}')];
        WHEN 'set_rules' THEN
            RETURN model.random_rules(chosen_universe);
        WHEN 'set_route' THEN
            RETURN ARRAY[chosen_universe, model.random_id(universes),
                CASE WHEN model.chance(0.8) THEN model.pick('{t,t,t,t,t,t,f}') END, CASE WHEN model.chance(0.9)
                THEN model.pick('{0,0.00,0.05,0.10,0.125,0.5,1.5,99.999999999,0.000000001,100,-1,NaN,Infinity,0.0000000001}') END];
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
        IF operation IN ('deposit', 'withdraw') AND args[3] IS NULL AND model.chance(0.5) THEN
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
        'SELECT w.user_id, w.universe_id,
            model.to_amount(model.shown_balance(w.user_id, w.universe_id), u.currency_scale) AS balance
         FROM model.wallet w JOIN model.universe u ON u.id = w.universe_id')
    UNION ALL
    SELECT model.only_on_one_side('items',
        'SELECT to_jsonb(i) AS r FROM mvm.items i', 'SELECT model.item_row(id) AS r FROM model.item')
    UNION ALL
    SELECT model.only_on_one_side('holds',
        'SELECT model.without_times(to_jsonb(h)) AS r FROM mvm.holds h', 'SELECT model.hold_row(id) AS r FROM model.hold')
$$;

-- The orders of batches: which call wrote which event. Every other event has a
-- call of its own.
CREATE TABLE model.batched_event (event_id bigint PRIMARY KEY DEFERRABLE, batch integer NOT NULL);

CREATE VIEW model.call_of_event AS
SELECT e.id AS event_id, COALESCE('batch ' || b.batch, 'call ' || e.call_id) AS call
FROM model.event e LEFT JOIN model.batched_event b ON b.event_id = e.id;

CREATE FUNCTION model.differing_tables() RETURNS TABLE (difference text) LANGUAGE sql AS $$
    SELECT model.differing_balances()
    UNION ALL
    SELECT model.only_on_one_side('universes', 'SELECT * FROM mvm.universes', 'SELECT * FROM model.universes')
    UNION ALL
    SELECT model.only_on_one_side('routes', 'SELECT * FROM mvm.routes', 'SELECT * FROM model.route')
    UNION ALL
    SELECT model.only_on_one_side('rule changes',
        'SELECT row_number() OVER (ORDER BY id) AS rank, to_jsonb(c) - ''{id,changed_at,changed_by}''::text[] AS r
         FROM mvm.rule_changes c',
        'SELECT row_number() OVER (ORDER BY place) AS rank, rules AS r FROM model.rule_change')
    UNION ALL
    SELECT model.only_on_one_side('prices',
        'SELECT item_id, price, row_number() OVER (PARTITION BY item_id ORDER BY valid_from) AS rank FROM mvm.prices',
        'SELECT c.item_id, model.to_amount(c.price, u.currency_scale) AS price,
            row_number() OVER (PARTITION BY c.item_id ORDER BY c.place) AS rank
         FROM model.price_change c JOIN model.item i ON i.id = c.item_id JOIN model.universe u ON u.id = i.universe_id')
    UNION ALL
    SELECT model.only_on_one_side('quotes',
        'SELECT model.without_times(to_jsonb(q)) AS r FROM mvm.quotes q', 'SELECT model.quote_row(id) AS r FROM model.quote')
    UNION ALL
    SELECT model.only_on_one_side('refunds', 'SELECT * FROM mvm.refund',
        'SELECT reference_id AS transaction_id, id AS refund_id, quantity::bigint FROM model.event WHERE kind = ''refund''')
    UNION ALL
    SELECT model.only_on_one_side('users', 'SELECT to_jsonb(u) AS r FROM mvm.users u',
        'SELECT model.user_row(id) AS r FROM model.person')
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
    SELECT model.only_on_one_side('balances of the house',
        'SELECT universe_id, account, balance FROM mvm.house_accounts',
        'SELECT u.id AS universe_id, a AS account, model.to_amount(COALESCE((
            SELECT sum(amount) FROM model.leg WHERE universe_id = u.id AND account = a), 0), u.currency_scale) AS balance
         FROM model.universe u, unnest(ARRAY[''treasury'', ''fees'']) a')
    UNION ALL
    SELECT model.only_on_one_side('wallets from the ledger',
        'SELECT w.user_id, w.universe_id, mvm.amount(w.balance_minor, u.currency_scale) AS balance
         FROM mvm.wallet w JOIN mvm.universe u ON u.id = w.universe_id',
        'SELECT l.user_id, l.universe_id, sum(model.to_amount(l.amount, u.currency_scale)) AS balance
         FROM model.leg l JOIN model.universe u ON u.id = l.universe_id WHERE l.account = ''wallet'' GROUP BY 1, 2')
    UNION ALL
    -- Each call that moved a wallet or an item raised its version by one, a batch too;
    -- a wallet made for a first credit begins empty, one step before it. A capture that
    -- ends where its hold left off moves nothing, and what a hold past its time gives
    -- back may be a step of its own or part of another call's.
    SELECT format('version of wallet (%s, %s) is %s after %s calls, %s of them with money and no release, and %s releases',
        user_id, universe_id, w.version, l.calls, l.moving, l.releasing)
    FROM mvm.wallet w
    JOIN (SELECT user_id, universe_id, count(*) AS calls, count(*) FILTER (WHERE moved <> 0 AND releases = 0) AS moving,
            sum(releases) AS releasing
        FROM (SELECT l.user_id, l.universe_id, sum(l.amount) AS moved, count(*) FILTER (WHERE e.kind = 'release') AS releases
            FROM model.leg l
            JOIN model.event e ON e.id = l.transaction_id
            JOIN model.call_of_event c ON c.event_id = e.id
            WHERE l.account = 'wallet' GROUP BY l.user_id, l.universe_id, c.call) of_call
        GROUP BY 1, 2) l
        USING (user_id, universe_id)
    WHERE w.version NOT BETWEEN l.moving AND l.calls + l.releasing + 1
    UNION ALL
    SELECT format('version of item %s is %s after %s calls, %s of them with pieces and no release, %s releases and %s changes',
        i.id, w.version, l.calls, l.moving, l.releasing, i.changes)
    FROM mvm.item w
    JOIN model.item i USING (id)
    JOIN (SELECT item_id, count(*) AS calls, count(*) FILTER (WHERE moved <> 0 AND releases = 0 OR lists) AS moving,
            sum(releases) AS releasing
        FROM (SELECT e.item_id, count(*) FILTER (WHERE e.kind = 'release') AS releases, bool_or(e.kind = 'listing') AS lists,
                sum(CASE WHEN e.kind IN ('purchase', 'hold') THEN -e.quantity ELSE e.quantity END) AS moved
            FROM model.event e JOIN model.call_of_event c ON c.event_id = e.id
            WHERE e.item_id IS NOT NULL GROUP BY e.item_id, c.call) of_call
        GROUP BY 1) l ON l.item_id = i.id
    WHERE w.version NOT BETWEEN l.moving + i.changes AND l.calls + l.releasing + i.changes
    UNION ALL
    SELECT model.only_on_one_side('idempotency keys',
        'SELECT user_id, key, transaction_id, refusal FROM mvm.idempotency_key',
        'SELECT q.user_id, q.key, q.event_id AS transaction_id, r.name AS refusal
         FROM model.request q LEFT JOIN model.refusal r ON r.code = q.refusal')
    UNION ALL
    SELECT 'audit: ' || to_jsonb(a)::text FROM mvm_audit() a
$$;

-- What only holds past their time can give: the next piece of an item or unit of money, all that they keep, or more.
CREATE FUNCTION model.beyond(there numeric, kept numeric) RETURNS numeric LANGUAGE sql VOLATILE AS $$
    SELECT there + CASE model.below(4) WHEN 0 THEN kept WHEN 1 THEN kept + 1 ELSE 1 END
$$;
CREATE FUNCTION model.need_of_hold(operation text, args text[]) RETURNS text[] LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    hold model.hold;
    amount text;
BEGIN
    SELECT * INTO hold FROM model.hold WHERE state = 'active' AND over ORDER BY random() LIMIT 1;
    IF NOT FOUND THEN
        RETURN args;
    END IF;
    amount := trim_scale(model.to_amount(model.beyond(model.balance_minor(hold.buyer_id, hold.from_universe_id),
        (SELECT sum(paid) FROM model.hold h WHERE h.state = 'active' AND h.over AND h.buyer_id = hold.buyer_id
            AND h.from_universe_id = hold.from_universe_id)),
        (SELECT currency_scale FROM model.universe WHERE id = hold.from_universe_id)));
    CASE operation
        WHEN 'exchange', 'withdraw' THEN
            args[1:3] := ARRAY[hold.buyer_id::text, amount, hold.from_universe_id::text];
            IF operation = 'exchange' THEN
                args[5] := NULL;
            END IF;
        WHEN 'transfer' THEN
            args[1] := hold.buyer_id;
            args[3:4] := ARRAY[amount, hold.from_universe_id::text];
        WHEN 'buy', 'buy_from', 'reserve', 'reserve_briefly' THEN
            args[2] := hold.item_id;
            args[3] := LEAST(9223372036854775807, model.beyond((SELECT stock FROM model.item WHERE id = hold.item_id),
                (SELECT sum(quantity) FROM model.hold h WHERE h.state = 'active' AND h.over AND h.item_id = hold.item_id)));
            IF operation IN ('buy', 'buy_from') THEN
                args[4] := NULL;
            END IF;
        ELSE
    END CASE;
    RETURN args;
END $$;

-- ---------------------------------------------------------------------------
-- The run
-- ---------------------------------------------------------------------------

CREATE TABLE model.tally (operation text, sqlstate text, times bigint, PRIMARY KEY (operation, sqlstate));
CREATE TABLE model.keyed_call (place integer PRIMARY KEY, operation text, args text[]);

CREATE PROCEDURE model.fail(seed integer, step integer, operation text, args text[], detail text) LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION E'the engine and the model differ\n  seed %, step %\n  SELECT * FROM %(%);\n  %',
        seed, step, model.function_of(operation), model.arguments(operation, args), detail;
END $$;

-- Every market begins with four universes and eight users with something to spend: with fewer, as
-- happens by chance, one closed universe ends nearly all exchange and the run would prove little.
-- The universes let quotes live long: five minutes would be over while the test runs.
CREATE FUNCTION model.first_arguments(step integer) RETURNS text[] LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    home text;
BEGIN
    IF step <= 4 THEN
        RETURN ARRAY['universe' || step, 'C' || step, model.pick('{1,2.5,0.75,7.77,0.01,0.333333333333333333}'),
            model.below(10)::text];
    END IF;
    home := (SELECT id FROM model.universe ORDER BY id OFFSET (step - 1) % 4 LIMIT 1);
    IF step > 12 THEN
        RETURN ARRAY[home, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '12 mons', NULL, NULL];
    END IF;
    RETURN ARRAY['user' || step, home, model.random_income(home)];
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
    new_event_ids text;
    difference text;
BEGIN
    PERFORM setseed(seed / 1000000000.0);
    FOR step IN 1 .. steps LOOP
        operation := CASE
            WHEN step <= 4 THEN 'create_universe'
            WHEN step <= 12 THEN 'create_user'
            WHEN step <= 16 THEN 'set_rules'
            ELSE model.pick('{create_universe,create_user,create_user,
                list_item,list_item,list_item,list_item,set_exchange_rate,
                deposit,deposit,deposit,deposit,deposit,deposit,withdraw,withdraw,withdraw,withdraw,
                exchange,exchange,exchange,exchange,exchange,exchange,exchange,exchange,exchange,exchange,
                buy,buy,buy,buy,buy,buy,buy,buy,buy,buy,buy,buy,buy,buy,buy_from,buy_from,buy_from,buy_from,
                convert,convert,balance,balance,trades,
                restock,set_price,delist_item,relist_item,relist_item,transfer,transfer,move_user,payout,payout,
                refund,refund,refund,refund,quote,quote,quote_briefly,expire_quote,accept_quote,accept_quote,accept_quote,
                reserve,reserve,reserve,reserve,reserve,reserve_briefly,capture,capture,capture,release,expire,expire,expire,sweep_holds,
                set_rules,set_route}')
        END;
        earlier := NULL;
        IF step > 16 AND model.chance(0.08) THEN
            slot := model.below(60);
            SELECT * INTO earlier FROM model.keyed_call WHERE place = slot;
        END IF;
        IF earlier.operation IS NOT NULL THEN
            operation := earlier.operation;
            args := model.again(operation, earlier.args);
        ELSIF step <= 16 THEN
            args := model.first_arguments(step);
        ELSE
            args := model.random_arguments(operation);
            IF model.chance(0.15) THEN
                args := model.need_of_hold(operation, args);
            END IF;
        END IF;

        engine := model.attempt(model.engine_call(operation, args));

        -- The model takes over the ids that the engine gave, once they are seen to grow.
        last_event_id := COALESCE((SELECT max(id) FROM model.event), 0);
        SELECT COALESCE(max(id), last_event_id), COALESCE(string_agg(id::text, ',' ORDER BY id), (last_event_id + 1)::text)
        INTO engine_event_id, new_event_ids FROM mvm.journal WHERE id > last_event_id;
        PERFORM model.begin_call(new_event_ids);
        IF operation IN ('create_universe', 'create_user', 'list_item', 'quote', 'quote_briefly', 'reserve', 'reserve_briefly') THEN
            last_id := COALESCE(CASE
                WHEN operation = 'create_universe' THEN (SELECT max(id) FROM model.universe)
                WHEN operation = 'create_user' THEN (SELECT max(id) FROM model.person)
                WHEN operation = 'list_item' THEN (SELECT max(id) FROM model.item)
                WHEN operation IN ('quote', 'quote_briefly') THEN (SELECT max(id) FROM model.quote)
                ELSE (SELECT max(id) FROM model.hold) END, 0);
            IF operation <> 'reserve' AND (engine.result ->> 'id')::bigint <= last_id THEN -- a key may answer with an old hold
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
        IF model.takes_key(operation) AND args[cardinality(args)] IS NOT NULL THEN
            INSERT INTO model.keyed_call VALUES (model.below(60), operation, args)
                ON CONFLICT ON CONSTRAINT keyed_call_pkey DO UPDATE SET operation = EXCLUDED.operation, args = EXCLUDED.args;
        END IF;

        -- Transactions of random length at random levels; some are undone, on both sides at once.
        IF step = 16 THEN
            COMMIT;
        ELSIF step > 16 AND model.chance(0.05) THEN
            PERFORM set_config('default_transaction_isolation',
                model.pick('{read committed,repeatable read,serializable}'), false);
            IF model.chance(0.1) THEN
                ROLLBACK;
            ELSE
                COMMIT;
            END IF;
        END IF;
        IF step % 500 = 0 THEN
            COMMIT; -- to a view it is the time at which its transaction began
            SELECT d.difference INTO difference FROM model.differing_balances() d LIMIT 1;
            IF FOUND THEN
                CALL model.fail(seed, step, operation, args, difference);
            END IF;
        END IF;
    END LOOP;
    COMMIT;
END $$;
