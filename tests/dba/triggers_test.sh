#!/usr/bin/env bash
# Triggers of the owner's on the market's tables fire for a call as they do for the plain statements that make the same
# change, in single calls and batches.
# shellcheck disable=SC2317 # functions are run by holds
set -euo pipefail
# shellcheck source=tests/lib/checks.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/checks.sh"
# shellcheck source=tests/lib/database.sh
. "$root/tests/lib/database.sh"

export PGOPTIONS="-c client_min_messages=warning"
database=mvm_dba_triggers
fresh_market "$database"

# A log of what fired, without the ids that a sequence gives, and triggers of every kind that an UPDATE or INSERT knows.
sql "$database" <<'SQL'
CREATE TABLE public.fired (id serial, event text);
GRANT ALL ON public.fired, public.fired_id_seq TO PUBLIC;
CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    rows text := '';
BEGIN
    IF TG_LEVEL = 'ROW' AND TG_TABLE_NAME = 'wallet' THEN
        IF TG_OP <> 'INSERT' THEN rows := rows || format(' old %s:%s', OLD.user_id, OLD.balance_minor); END IF;
        IF TG_OP <> 'DELETE' THEN rows := rows || format(' new %s:%s', NEW.user_id, NEW.balance_minor); END IF;
    END IF;
    INSERT INTO public.fired (event) VALUES (concat_ws(' ', TG_NAME, TG_WHEN, TG_LEVEL, TG_OP, TG_TABLE_NAME) || rows);
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION public.note_new() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.fired (event) VALUES (format('%s %s %s new %s', TG_NAME, TG_OP, TG_TABLE_NAME, (SELECT count(*) FROM new_rows)));
    RETURN NULL;
END $$;
CREATE FUNCTION public.note_both() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.fired (event) VALUES (format('%s %s old %s new %s', TG_NAME, TG_TABLE_NAME,
        (SELECT string_agg(to_jsonb(o)->>'version', ',' ORDER BY to_jsonb(o)->>'version') FROM old_rows o),
        (SELECT string_agg(to_jsonb(n)->>'version', ',' ORDER BY to_jsonb(n)->>'version') FROM new_rows n)));
    RETURN NULL;
END $$;
DO $$
DECLARE
    market_table text;
    place text;
    level text;
BEGIN
    FOREACH market_table IN ARRAY ARRAY['item', 'wallet', 'journal'] LOOP
        FOREACH level IN ARRAY ARRAY['STATEMENT', 'ROW'] LOOP
            FOREACH place IN ARRAY ARRAY['BEFORE', 'AFTER'] LOOP
                EXECUTE format('CREATE TRIGGER %I %s INSERT OR UPDATE OR DELETE ON mvm.%I FOR EACH %s EXECUTE FUNCTION note()',
                    'a_' || place || level, place, market_table, level);
            END LOOP;
        END LOOP;
        EXECUTE format('CREATE TRIGGER inserted AFTER INSERT ON mvm.%I REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION note_new()', market_table);
    END LOOP;
    FOREACH market_table IN ARRAY ARRAY['item', 'wallet'] LOOP
        EXECUTE format('CREATE TRIGGER updated AFTER UPDATE ON mvm.%I REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION note_both()', market_table);
        EXECUTE format('CREATE TRIGGER updated_each AFTER UPDATE ON mvm.%I REFERENCING NEW TABLE AS new_rows FOR EACH ROW EXECUTE FUNCTION note_new()', market_table);
        FOREACH level IN ARRAY ARRAY['STATEMENT', 'ROW'] LOOP
            FOREACH place IN ARRAY ARRAY['BEFORE', 'AFTER'] LOOP
                EXECUTE format('CREATE TRIGGER %I %s UPDATE OF version ON mvm.%I FOR EACH %s EXECUTE FUNCTION note()',
                    'of_version_' || place || level, place, market_table, level);
                EXECUTE format('CREATE TRIGGER %I %s UPDATE OF universe_id ON mvm.%I FOR EACH %s EXECUTE FUNCTION note()',
                    'of_universe_' || place || level, place, market_table, level);
            END LOOP;
        END LOOP;
    END LOOP;
END $$;
CREATE TRIGGER rich AFTER UPDATE ON mvm.wallet FOR EACH ROW WHEN (NEW.balance_minor > 90000) EXECUTE FUNCTION note();
CREATE TRIGGER poor BEFORE UPDATE ON mvm.wallet FOR EACH ROW WHEN (NEW.balance_minor < 100) EXECUTE FUNCTION note();
SQL

# What fires for statements in a transaction that is rolled back.
fired() # STATEMENT...
{
    local statement
    {
        printf 'BEGIN;\nTRUNCATE public.fired;\n'
        for statement in "$@"; do
            printf '%s;\n' "$statement"
        done | sed 's/^SELECT/SELECT count(*) FROM (SELECT/; s/^\(SELECT count.*\);$/\1) AS answer \\g \/dev\/null/'
        printf 'SELECT event FROM public.fired ORDER BY event COLLATE "C";\nROLLBACK;\n'
    } | sql "$database"
}

fires_alike() # SENTENCE CALL STATEMENT...
{
    local sentence=$1 call=$2
    shift 2
    fired "$@" >"$work/plain"
    fired "$call" >"$work/call"
    holds "$sentence" diff "$work/plain" "$work/call"
    holds "$sentence: and something does fire" test "$(wc -l <"$work/call")" -gt 10
}

journal='mvm.journal (transaction_time, kind, user_id, item_id, quantity, paid_minor, received_minor, from_universe_id, to_universe_id, from_rate, to_rate)'
fires_alike 'a purchase fires what its plain statements fire' \
    'SELECT mvm_buy(1, 1)' \
    'UPDATE mvm.item SET stock = stock - 1, version = version + 1 WHERE id = 1' \
    'UPDATE mvm.wallet SET balance_minor = balance_minor - 500, version = version + 1 WHERE user_id = 1' \
    "INSERT INTO $journal VALUES (now(), 'p', 1, 1, 1, 500, 500, 1, 1, 1, 1)"
fires_alike 'a batch fires what statements over all its rows fire' \
    'SELECT mvm_buy_batch(ARRAY[1, 2, 1], ARRAY[1, 2, 1], ARRAY[1, 1, 1])' \
    'UPDATE mvm.item SET stock = stock - 3 + id, version = version + 1 WHERE id IN (1, 2)' \
    'UPDATE mvm.wallet SET balance_minor = balance_minor - 1000, version = version + 1 WHERE user_id IN (1, 2)' \
    "INSERT INTO $journal VALUES (now(), 'p', 1, 1, 1, 500, 500, 1, 1, 1, 1), (now(), 'p', 2, 2, 1, 1000, 1000, 2, 2, 2.5, 2.5), (now(), 'p', 1, 1, 1, 500, 500, 1, 1, 1, 1)"
fires_alike 'an exchange that makes a wallet fires its INSERT and the UPDATE of both' \
    'SELECT mvm_exchange(1, 10, 1, 2)' \
    'INSERT INTO mvm.wallet VALUES (1, 0, 1, 2)' \
    'UPDATE mvm.wallet SET balance_minor = CASE universe_id WHEN 1 THEN balance_minor - 1000 ELSE 2500 END, version = version + 1 WHERE user_id = 1' \
    "INSERT INTO $journal VALUES (now(), 'x', 1, NULL, NULL, 1000, 2500, 1, 2, 1, 2.5)"
fires_alike 'a deposit by WHEN conditions' \
    'SELECT mvm_deposit(3, 700)' \
    'UPDATE mvm.wallet SET balance_minor = balance_minor + 70000, version = version + 1 WHERE user_id = 3' \
    "INSERT INTO $journal VALUES (now(), 'd', 3, NULL, NULL, 70000, 70000, 3, 3, 0.75, 0.75)"
sql "$database" -c 'ALTER TABLE mvm.wallet ENABLE REPLICA TRIGGER rich, ENABLE ALWAYS TRIGGER poor, DISABLE TRIGGER updated_each'
fires_alike 'triggers that are disabled, or of replicas alone' \
    'SELECT mvm_withdraw(3, 750)' \
    'UPDATE mvm.wallet SET balance_minor = 0, version = version + 1 WHERE user_id = 3' \
    "INSERT INTO $journal VALUES (now(), 'w', 3, NULL, NULL, 75000, 75000, 3, 3, 0.75, 0.75)"
replica='SET LOCAL session_replication_role = replica'
fired "$replica" 'UPDATE mvm.wallet SET balance_minor = 200000, version = version + 1 WHERE user_id = 3' >"$work/plain"
fired "$replica" 'SELECT mvm_deposit(3, 1250)' >"$work/call"
holds 'under session_replication_role = replica the same ones fire' diff "$work/plain" "$work/call"
holds 'which is the one for replicas' grep -cx 'rich AFTER ROW UPDATE wallet old 3:75000 new 3:200000' "$work/call"

# Mary sells coffee on Earth, where she has no wallet yet. An order that its buyer cannot pay makes it and takes it back.
sql "$database" -c "SELECT mvm_list_item(2, 'Her coffee', 5, 10, 1)" >"$work/none"
fired 'SELECT mvm_buy_batch(ARRAY[1], ARRAY[4], ARRAY[1])' >"$work/call"
holds 'AFTER triggers see a wallet that is made for the seller' grep -c 'AFTER ROW INSERT wallet new 2:0' "$work/call"
fired 'UPDATE mvm.wallet SET balance_minor = 1, version = version + 1 WHERE user_id = 1' 'TRUNCATE public.fired' \
    'SELECT mvm_buy_batch(ARRAY[1], ARRAY[4], ARRAY[1])' | grep -v '^inserted ' >"$work/call"
printf '%s\n' 'a_AFTERSTATEMENT AFTER STATEMENT INSERT wallet' 'a_BEFOREROW BEFORE ROW INSERT wallet new 2:0' \
    'a_BEFORESTATEMENT BEFORE STATEMENT INSERT wallet' >"$work/plain"
holds 'one that is taken back fires what ON CONFLICT DO NOTHING fires for a row that is not inserted' \
    diff "$work/plain" "$work/call"
audit_is_clean "$database"

# The rest on a market without that log.
fresh_market "$database"
sql "$database" <<'SQL'
CREATE FUNCTION public.close_books() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'the books are closed'; END $$;
CREATE TRIGGER closed BEFORE INSERT ON mvm.journal EXECUTE FUNCTION public.close_books();
SQL
refuses 'a freeze by a statement trigger stops a purchase' 'the books are closed' sql "$database" -c 'SELECT mvm_buy(1, 1)'
refuses 'and a batch' 'the books are closed' sql "$database" -c 'SELECT mvm_buy_batch(ARRAY[1, 1], ARRAY[1, 1], ARRAY[1, 1])'
sql "$database" -c 'DROP TRIGGER closed ON mvm.journal' -c 'CREATE TRIGGER closed BEFORE UPDATE OF stock ON mvm.item EXECUTE FUNCTION public.close_books()'
refuses 'a freeze of one column stops what sets it' 'the books are closed' sql "$database" -c 'SELECT mvm_buy(1, 1)'
answers 'and nothing else' t "$database" 'SELECT price = 6 FROM mvm_set_price(1, 6)'
sql "$database" -c 'DROP TRIGGER closed ON mvm.item'

sql "$database" <<'SQL'
CREATE TABLE public.fired (event text);
CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.fired VALUES (TG_NAME); RETURN NULL; END $$;
CREATE TRIGGER answered AFTER UPDATE OF transaction_id ON mvm.idempotency_key EXECUTE FUNCTION public.note();
CREATE TRIGGER refused AFTER UPDATE OF refusal ON mvm.idempotency_key EXECUTE FUNCTION public.note();
CREATE TRIGGER dated AFTER UPDATE OF created_at ON mvm.idempotency_key EXECUTE FUNCTION public.note();
SQL
sql "$database" -c "SELECT mvm_buy_batch(ARRAY[1, 1], ARRAY[1, 1], ARRAY[1, 1000], ARRAY['one', 'two'])" >"$work/none"
answers 'answers and refusals of a batch are one UPDATE of its keys' 'answered,refused' "$database" \
    "SELECT string_agg(event, ',' ORDER BY event) FROM public.fired"
sql "$database" -c 'DROP TABLE public.fired' -c 'DROP FUNCTION public.note CASCADE'

# Triggers that go on working: with the market's own functions, its tables, and later.
sql "$database" <<'SQL'
CREATE FUNCTION public.cash_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM mvm_deposit(NEW.user_id, 0.01);
    UPDATE mvm.item SET name = name || '!' WHERE id = NEW.item_id;
    RETURN NULL;
END $$;
CREATE TRIGGER cash_back AFTER INSERT ON mvm.journal FOR EACH ROW WHEN (NEW.kind = 'p') EXECUTE FUNCTION public.cash_back();
SQL
sql "$database" -c 'SELECT mvm_buy(1, 1)' >"$work/none"
answers 'an AFTER trigger may call the market and write to its tables' '988.01|Earth Coffee!' "$database" \
    'SELECT balance, name FROM mvm.users, mvm.items WHERE users.id = 1 AND items.id = 1'
sql "$database" -c 'SELECT mvm_buy_batch(ARRAY[1, 1, 2], ARRAY[1, 1, 1], ARRAY[1, 1, 1])' >"$work/none"
answers 'also in a batch' 'Earth Coffee!!!!' "$database" 'SELECT name FROM mvm.items WHERE id = 1'
audit_is_clean "$database"
sql "$database" -c 'DROP FUNCTION public.cash_back CASCADE'

sql "$database" <<'SQL'
CREATE FUNCTION public.check_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT version FROM mvm.item WHERE id = NEW.id) % 2 = 0 THEN RAISE 'the version of % is even', NEW.id; END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER odd AFTER UPDATE ON mvm.item DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.check_version();
UPDATE mvm.item SET version = 1;
SQL
refuses 'a deferred constraint trigger stops a commit' 'the version of 2 is even' sql "$database" -c 'SELECT mvm_buy(2, 2)'
holds 'and lets it be when all is well at the end' sql "$database" -c 'BEGIN; SELECT mvm_buy(2, 2); SELECT mvm_buy(2, 2); COMMIT'
refuses 'SET CONSTRAINTS IMMEDIATE brings it forward' 'the version of 2 is even' \
    sql "$database" -c 'BEGIN; SET CONSTRAINTS ALL IMMEDIATE; SELECT mvm_buy(2, 2); SELECT mvm_buy(2, 2); COMMIT'
sql "$database" -c 'DROP FUNCTION public.check_version CASCADE'

# The owner's table hangs on the wallets: a wallet that is taken back must not have left a trace there.
sql "$database" <<'SQL'
CREATE TABLE public.account (user_id bigint, universe_id integer, FOREIGN KEY (user_id, universe_id) REFERENCES mvm.wallet);
CREATE FUNCTION public.open_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.account VALUES (NEW.user_id, NEW.universe_id);
    RETURN NULL;
END $$;
CREATE TRIGGER open_account AFTER INSERT ON mvm.wallet FOR EACH ROW EXECUTE FUNCTION public.open_account();
SELECT mvm_list_item(2, 'Her coffee', 500, 10, 1) \g /dev/null
SQL
sql "$database" -c 'SELECT mvm_buy_batch(ARRAY[3, 1], ARRAY[4, 1], ARRAY[9, 1])' >"$work/call"
holds 'a refused order stops no other' grep -c '(2,ok,' "$work/call"
answers 'and leaves no trace of a wallet' 0 "$database" 'SELECT count(*) FROM public.account'
sql "$database" -c 'SELECT mvm_buy_batch(ARRAY[1], ARRAY[4], ARRAY[1])' >"$work/none"
answers 'an order that is carried out does' '2|1' "$database" 'SELECT * FROM public.account'
audit_is_clean "$database"
sql "$database" -c 'DROP TABLE public.account' -c 'DROP FUNCTION public.open_account CASCADE'

# What a trigger may not do to a row that the market is writing.
sql "$database" <<'SQL'
CREATE FUNCTION public.shift_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'wallet' THEN NEW.universe_id := 3; ELSE NEW.key := lower(NEW.key); END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER shift_key BEFORE INSERT ON mvm.idempotency_key FOR EACH ROW EXECUTE FUNCTION public.shift_key();
SQL
refuses 'a trigger that changes a key is refused' '27000.*a trigger changed the key of a row of "mvm.idempotency_key"' \
    sql "$database" -v VERBOSITY=verbose -c "SELECT mvm_buy(1, 1, 1, 'Capital')"
holds 'one that leaves it as it is may stay' sql "$database" -c "SELECT mvm_buy(1, 1, 1, 'small')"
sql "$database" -c 'CREATE TRIGGER shift_key BEFORE UPDATE ON mvm.wallet FOR EACH ROW EXECUTE FUNCTION public.shift_key()'
refuses 'also by an update' 'a trigger changed the key of a row of "mvm.wallet"' sql "$database" -c 'SELECT mvm_deposit(1, 1)'
sql "$database" -c 'DROP FUNCTION public.shift_key CASCADE'
sql "$database" <<'SQL'
CREATE FUNCTION public.meddle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'wallet' THEN UPDATE mvm.item SET name = name || '?'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER meddle BEFORE INSERT ON mvm.wallet FOR EACH ROW EXECUTE FUNCTION public.meddle();
CREATE TRIGGER meddle BEFORE UPDATE ON mvm.item FOR EACH ROW EXECUTE FUNCTION public.meddle();
SELECT mvm_list_item(3, 'Her crystal', 5, 10, 1) \g /dev/null
SQL
refuses 'a trigger that changes a row which the call has locked is refused, not the server brought down' \
    'row of "mvm.item" was changed by a trigger' sql "$database" -c 'SELECT mvm_buy(1, 5)'
sql "$database" -c 'DROP TRIGGER meddle ON mvm.item'
refuses 'with another trigger on that row, and without' 'row of "mvm.item" was changed by a trigger' \
    sql "$database" -c 'SELECT mvm_buy(1, 5)'
sql "$database" -c 'DROP FUNCTION public.meddle CASCADE'
sql "$database" <<'SQL'
CREATE FUNCTION public.meddle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE mvm.wallet SET version = version + 1 WHERE user_id = 2 AND universe_id = 3;
    RETURN NEW;
END $$;
CREATE TRIGGER meddle BEFORE INSERT ON mvm.wallet FOR EACH ROW WHEN (NEW.user_id = 3) EXECUTE FUNCTION public.meddle();
SELECT mvm_list_item(2, 'Her rocks', 5, 10, 3), mvm_list_item(3, 'Her coffee', 5, 10, 2) \g /dev/null
SQL
changed_wallet='27000.*row of "mvm.wallet" was changed by a trigger'
refuses 'nor to a wallet that the call has just made' "$changed_wallet" sql "$database" -v VERBOSITY=verbose \
    -c 'SELECT mvm_buy_batch(ARRAY[1, 1], ARRAY[6, 7], ARRAY[1, 1])'
refuses 'also when it is to be taken back' "$changed_wallet" sql "$database" -v VERBOSITY=verbose \
    -c 'SELECT mvm_buy_batch(ARRAY[1, 1], ARRAY[6, 7], ARRAY[10, 1], NULL, ARRAY[0.01, NULL])'
sql "$database" -c 'DROP FUNCTION public.meddle CASCADE'
audit_is_clean "$database"
sql "$database" <<'SQL'
SELECT mvm_list_item(NULL, 'Held crystal', 1, 10, 1) \g /dev/null
SELECT mvm_reserve(buyer, (SELECT max(id) FROM mvm.items), 5) FROM generate_series(1, 2) AS buyer \g /dev/null
UPDATE mvm.hold SET expires_at = created_at + interval '1 microsecond' WHERE state = 'a';
CREATE FUNCTION public.sweep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM mvm_sweep_holds(10); RETURN NEW; END $$;
CREATE TRIGGER sweep BEFORE INSERT ON mvm.journal FOR EACH ROW WHEN (NEW.kind = 'p') EXECUTE FUNCTION public.sweep();
SQL
holds 'one on the journal may sweep holds, of which the call has ended what it needed' \
    sql "$database" -c 'SELECT mvm_buy(3, (SELECT max(id) FROM mvm.items), 3)'
answers 'each hold has ended once' '2' "$database" "SELECT count(*) FROM mvm.transactions WHERE kind = 'release' AND item_id = (SELECT max(id) FROM mvm.items)"
sql "$database" -c 'DROP FUNCTION public.sweep CASCADE'
audit_is_clean "$database"
sql "$database" <<'SQL'
CREATE FUNCTION public.skim() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.balance_minor := NEW.balance_minor - 1; RETURN NEW; END $$;
CREATE TRIGGER skim BEFORE UPDATE ON mvm.wallet FOR EACH ROW EXECUTE FUNCTION public.skim();
SELECT mvm_deposit(1, 1) \g /dev/null
SQL
answers 'one that changes an amount has its way, as in plain SQL, and the audit finds it' t "$database" \
    'SELECT count(*) > 0 FROM mvm_audit()'
