-- The PL/pgSQL twin of mvm_buy, in schema twin of the market's database: the same tables with the same checks, indexes
-- and fill factors, the same rules in the same order, the same answer, the same links of the journal. Written as well as
-- PL/pgSQL allows: the item is locked by the update that changes it, the wallets in the global order (by user and
-- universe) before the row's id is drawn, as the ids of a wallet's rows go up in the order of its movements; a universe
-- is read in the statement that needs it, and there is no subtransaction.
CREATE SCHEMA twin;
CREATE TABLE twin.universe (LIKE mvm.universe INCLUDING ALL);
CREATE TABLE twin.user_account (LIKE mvm.user_account INCLUDING ALL);
CREATE TABLE twin.wallet (LIKE mvm.wallet INCLUDING ALL);
CREATE TABLE twin.item (LIKE mvm.item INCLUDING ALL);
CREATE TABLE twin.journal (LIKE mvm.journal INCLUDING ALL);
CREATE TABLE twin.idempotency_key (LIKE mvm.idempotency_key INCLUDING ALL);

-- LIKE leaves out the fill factors, and takes over the default of mvm's sequence.
SELECT format('ALTER TABLE twin.%I SET (%s)', relname, array_to_string(reloptions, ', '))
FROM pg_class WHERE relnamespace = 'mvm'::regnamespace AND relkind = 'r' AND reloptions IS NOT NULL
  AND to_regclass('twin.' || relname) IS NOT NULL \gexec
CREATE SEQUENCE twin.journal_id_seq AS bigint;
ALTER TABLE twin.journal ALTER COLUMN id SET DEFAULT nextval('twin.journal_id_seq');

INSERT INTO twin.universe SELECT * FROM mvm.universe;
INSERT INTO twin.user_account SELECT * FROM mvm.user_account ORDER BY id;
INSERT INTO twin.wallet SELECT * FROM mvm.wallet ORDER BY user_id, universe_id;
INSERT INTO twin.item SELECT * FROM mvm.item ORDER BY id;
INSERT INTO twin.journal SELECT * FROM mvm.journal ORDER BY id;
SELECT setval('twin.journal_id_seq', last_value) FROM mvm.journal_id_seq;

-- Foreign keys of the rows a purchase changes. None of their columns changes, so they cost nothing here.
ALTER TABLE twin.wallet ADD FOREIGN KEY (user_id) REFERENCES twin.user_account (id),
    ADD FOREIGN KEY (universe_id) REFERENCES twin.universe (id);
ALTER TABLE twin.item ADD FOREIGN KEY (seller_id) REFERENCES twin.user_account (id),
    ADD FOREIGN KEY (universe_id) REFERENCES twin.universe (id);

CREATE FUNCTION twin.buy(buyer bigint, wanted_item bigint, pieces bigint DEFAULT 1, key_given text DEFAULT NULL)
    RETURNS mvm.trades LANGUAGE plpgsql
AS $$
DECLARE
    largest CONSTANT bigint := 9223372036854775807;
    request text;
    first_request text;
    home integer;
    home_rate numeric;
    home_scale smallint;
    seller bigint;
    place integer;
    place_rate numeric;
    place_scale smallint;
    price bigint;
    left_over bigint;
    received bigint;
    paid bigint;
    dividend numeric;
    divisor numeric;
    converted numeric;
    balance bigint;
    buyer_last bigint;
    seller_last bigint;
    trade mvm.trades;
BEGIN
    IF buyer IS NULL OR wanted_item IS NULL OR pieces IS NULL THEN
        RAISE EXCEPTION 'Invalid argument' USING ERRCODE = 'MV203';
    END IF;
    IF pieces < 1 THEN
        RAISE EXCEPTION 'Invalid quantity' USING ERRCODE = 'MV202';
    END IF;
    SELECT a.universe_id, u.exchange_rate, u.currency_scale INTO home, home_rate, home_scale
    FROM twin.user_account a JOIN twin.universe u ON u.id = a.universe_id
    WHERE a.id = buyer;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'User not found' USING ERRCODE = 'MV001';
    END IF;

    IF key_given IS NOT NULL THEN
        IF char_length(key_given) NOT BETWEEN 1 AND 255 THEN
            RAISE EXCEPTION 'Invalid argument' USING ERRCODE = 'MV203';
        END IF;
        request := format('buy %s %s %s', buyer, wanted_item, pieces);
        INSERT INTO twin.idempotency_key (user_id, key, request, created_at)
        VALUES (buyer, key_given, request, clock_timestamp()) ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            SELECT k.request, k.transaction_id INTO first_request, trade.id
            FROM twin.idempotency_key k WHERE k.user_id = buyer AND k.key = key_given;
            IF first_request <> request THEN
                RAISE EXCEPTION 'Idempotency key was used with a different request' USING ERRCODE = 'MV401';
            END IF;
            SELECT j.id, j.user_id, j.counterparty_id, j.item_id, mvm.amount(j.paid_minor, f.currency_scale),
                j.quantity, j.from_universe_id, j.to_universe_id, j.transaction_time,
                mvm.amount(j.received_minor, t.currency_scale), trim_scale(j.to_rate / j.from_rate), j.idempotency_key
            INTO trade
            FROM twin.journal j
            JOIN twin.universe f ON f.id = j.from_universe_id
            JOIN twin.universe t ON t.id = j.to_universe_id
            WHERE j.id = trade.id;
            RETURN trade;
        END IF;
    END IF;

    UPDATE twin.item i SET stock = i.stock - pieces, version = i.version + 1
    FROM twin.universe u
    WHERE i.id = wanted_item AND i.stock >= pieces AND u.id = i.universe_id
    RETURNING i.seller_id, i.universe_id, i.price_minor, u.exchange_rate, u.currency_scale
    INTO seller, place, price, place_rate, place_scale;
    IF NOT FOUND THEN
        SELECT i.seller_id, i.stock INTO seller, left_over FROM twin.item i WHERE i.id = wanted_item;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'Item not found' USING ERRCODE = 'MV002';
        ELSIF seller IS DISTINCT FROM buyer THEN
            RAISE EXCEPTION 'Insufficient stock' USING ERRCODE = 'MV102',
                DETAIL = format('Item %s has %s left, %s are asked for.', wanted_item, left_over, pieces);
        END IF;
    END IF;
    IF seller = buyer THEN
        RAISE EXCEPTION 'Cannot buy your own item' USING ERRCODE = 'MV104';
    END IF;

    IF price > largest / pieces THEN
        RAISE EXCEPTION 'Amount out of range' USING ERRCODE = 'MV204';
    END IF;
    received := price * pieces;
    paid := received;
    IF place <> home THEN
        dividend := received * home_rate;
        divisor := place_rate;
        IF home_scale > place_scale THEN
            dividend := dividend * 10::numeric ^ (home_scale - place_scale);
        ELSIF home_scale < place_scale THEN
            divisor := divisor * 10::numeric ^ (place_scale - home_scale);
        END IF;
        converted := div(dividend, divisor);
        IF converted * divisor < dividend THEN
            converted := converted + 1;
        END IF;
        IF converted > largest THEN
            RAISE EXCEPTION 'Amount out of range' USING ERRCODE = 'MV204';
        END IF;
        paid := converted;
    END IF;

    IF (seller, place) < (buyer, home) THEN
        SELECT w.last_journal_id INTO seller_last
        FROM twin.wallet w WHERE w.user_id = seller AND w.universe_id = place FOR NO KEY UPDATE;
        IF NOT FOUND THEN
            INSERT INTO twin.wallet AS w (user_id, universe_id, balance_minor, last_journal_id)
            VALUES (seller, place, 0, 0)
            ON CONFLICT (user_id, universe_id) DO UPDATE SET version = w.version
            RETURNING w.last_journal_id INTO seller_last;
        END IF;
    END IF;
    SELECT w.balance_minor, w.last_journal_id INTO balance, buyer_last
    FROM twin.wallet w WHERE w.user_id = buyer AND w.universe_id = home FOR NO KEY UPDATE;
    IF NOT FOUND OR balance < paid THEN
        RAISE EXCEPTION 'Insufficient balance' USING ERRCODE = 'MV101';
    END IF;
    IF (seller, place) > (buyer, home) THEN
        SELECT w.last_journal_id INTO seller_last
        FROM twin.wallet w WHERE w.user_id = seller AND w.universe_id = place FOR NO KEY UPDATE;
        IF NOT FOUND THEN
            INSERT INTO twin.wallet AS w (user_id, universe_id, balance_minor, last_journal_id)
            VALUES (seller, place, 0, 0)
            ON CONFLICT (user_id, universe_id) DO UPDATE SET version = w.version
            RETURNING w.last_journal_id INTO seller_last;
        END IF;
    END IF;

    -- The seller's balance beyond 64 bits is refused by the addition itself (22003).
    trade.id := nextval('twin.journal_id_seq');
    UPDATE twin.wallet w
    SET balance_minor = w.balance_minor - paid, version = w.version + 1, last_journal_id = trade.id
    WHERE w.user_id = buyer AND w.universe_id = home;
    UPDATE twin.wallet w
    SET balance_minor = w.balance_minor + received, version = w.version + 1, last_journal_id = trade.id
    WHERE w.user_id = seller AND w.universe_id = place;
    INSERT INTO twin.journal (id, transaction_time, kind, user_id, counterparty_id, item_id, quantity, paid_minor,
        received_minor, from_universe_id, to_universe_id, from_rate, to_rate, idempotency_key,
        from_previous_id, to_previous_id)
    VALUES (trade.id, clock_timestamp(), 'p', buyer, seller, wanted_item, pieces, paid,
        received, home, place, home_rate, place_rate, key_given, buyer_last, seller_last)
    RETURNING transaction_time INTO trade.transaction_time;
    IF key_given IS NOT NULL THEN
        UPDATE twin.idempotency_key k SET transaction_id = trade.id WHERE k.user_id = buyer AND k.key = key_given;
    END IF;

    trade.buyer_id := buyer;
    trade.seller_id := seller;
    trade.item_id := wanted_item;
    trade.amount := mvm.amount(paid, home_scale);
    trade.quantity := pieces;
    trade.from_universe_id := home;
    trade.to_universe_id := place;
    trade.received_amount := mvm.amount(received, place_scale);
    trade.exchange_rate := trim_scale(place_rate / home_rate);
    trade.idempotency_key := key_given;
    RETURN trade;
END
$$;
VACUUM (ANALYZE) twin.universe, twin.user_account, twin.wallet, twin.item, twin.journal;
