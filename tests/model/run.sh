#!/usr/bin/env bash
# Thousands of random operations end alike on the extension and on a plain model of its rules, in PL/pgSQL: every outcome
# and, at the end, every table must be equal, and so must statements and balances of the past. Then a random sequence of
# orders three ways: by single calls, in batches of random sizes, and on the model.
#
#   MVM_MODEL_SEED    0 to 999999998; random unless told (or the first argument)
#   MVM_MODEL_STEPS   operations, 20000 unless told (or the second argument)
#   MVM_MODEL_ORDERS  orders of the sequence, 3000 unless told (or the third argument)
#
# PGHOST, PGPORT, PGUSER and PGPASSFILE name a server with the extension installed.
set -euo pipefail

# shellcheck source=tests/lib/checks.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/checks.sh"
# shellcheck source=tests/lib/database.sh
. "$root/tests/lib/database.sh"

here=$root/tests/model
seed=${1:-${MVM_MODEL_SEED:-$(shuf -i 0-999999998 -n 1)}}
steps=${2:-${MVM_MODEL_STEPS:-20000}}
orders=${3:-${MVM_MODEL_ORDERS:-3000}}
database=mvm_model_test
singly=mvm_model_test_singly # a copy of it, where every order runs by a single call

fresh_model()
{
    fresh_database "$database"
    sql "$database" -c 'CREATE EXTENSION mvm' -f "$here/model.sql" -f "$here/driver.sql" -f "$here/batches.sql" \
        -f "$here/statements.sql"
}

echo "# MVM_MODEL_SEED=$seed MVM_MODEL_STEPS=$steps MVM_MODEL_ORDERS=$orders"

fresh_model
holds "$steps random operations have the same outcomes on the engine and on the model (seed $seed)" \
    sql "$database" -c "CALL model.run($seed, $steps)"
prints_nothing 'every table and view, the ledger and the house accounts equal those of the model, and mvm_audit() is empty' \
    sql "$database" -c 'SELECT * FROM model.differing_tables() LIMIT 20'
statements_differ="SELECT left(difference, 2000) FROM model.differing_statements($seed, 300) LIMIT 5"
prints_nothing '300 statements, in pages and in one piece, and balances of the past are what the model says' \
    sql "$database" -c "$statements_differ"

# A run that never met a refusal, or hardly ever succeeded, would prove little.
if [ "$steps" -ge 20000 ]; then
    prints_nothing 'the operations met the refusals of theirs, and succeeded often' sql "$database" -c "
        SELECT operation || ' never met ' || code
        FROM (VALUES
            ('buy', '{00000,MV001,MV002,MV101,MV102,MV104,MV105,MV106,MV201,MV202,MV203,MV301,MV401}'::text[]),
            ('buy_from', '{00000,MV001,MV002,MV003,MV101,MV102,MV104,MV105,MV106,MV201,MV202,MV203,MV301,MV401}'),
            ('exchange', '{00000,MV001,MV003,MV101,MV103,MV106,MV201,MV203,MV204,MV301,MV401}'),
            ('restock', '{00000,MV202,MV204}'),
            ('payout', '{00000,MV101,MV201}'),
            ('set_price', '{00000,MV201}'),
            ('delist_item', '{00000}'),
            ('relist_item', '{00000}'),
            ('transfer', '{00000,MV101,MV201,MV203}'),
            ('move_user', '{00000}'),
            ('refund', '{00000,MV004,MV107,MV202}'),
            ('quote', '{00000,MV201,MV301}'),
            ('quote_briefly', '{00000}'),
            ('expire_quote', '{00000}'),
            ('accept_quote', '{00000,MV101,MV108}'),
            ('reserve', '{00000,MV101,MV102,MV203,MV301}'),
            ('capture', '{00000,MV006,MV109,MV202}'),
            ('release', '{00000,MV006,MV109}'),
            ('reserve_briefly', '{00000}'),
            ('expire', '{00000}'),
            ('sweep_holds', '{00000,MV203}'),
            ('set_rules', '{00000,MV203}'),
            ('set_route', '{00000,MV203}'),
            ('deposit', '{00000,MV001,MV003,MV201,MV203,MV204,MV401}'),
            ('withdraw', '{00000,MV101,MV201,MV203,MV204}'),
            ('create_universe', '{00000,MV203,MV205}'),
            ('create_user', '{00000,MV201,MV203,MV205}'),
            ('list_item', '{00000,MV001,MV003,MV201,MV202,MV203}')
        ) wanted (operation, codes), unnest(codes) code
        WHERE NOT EXISTS (SELECT FROM model.tally t WHERE t.operation = wanted.operation AND t.sqlstate = code)
        UNION ALL
        SELECT 'no ' || kind || ' releases a hold past its time'
        FROM unnest('{purchase,hold,exchange,withdrawal,transfer}'::text[]) kind
        WHERE NOT EXISTS (SELECT FROM model.event e JOIN model.event r USING (call_id) JOIN model.hold h ON h.id = r.reference_id
            WHERE e.kind = kind.kind AND r.kind = 'release' AND h.state = 'expired')
        UNION ALL
        SELECT operation || ' succeeds too seldom'
        FROM model.tally WHERE operation IN ('buy', 'exchange', 'deposit', 'withdraw', 'list_item')
        GROUP BY operation HAVING sum(times) FILTER (WHERE sqlstate = '00000') < 0.2 * sum(times)"
fi
sql "$database" -F ' ' -c "
    SELECT '# ' || operation, string_agg(sqlstate || ':' || times, ' ' ORDER BY sqlstate)
    FROM model.tally GROUP BY operation ORDER BY operation"

# The same orders by single calls, in batches and on the model: all three equal.
answers_differ='SELECT * FROM model.differing_answers() LIMIT 5'
tables_differ='SELECT * FROM model.differing_tables() LIMIT 20'
# But for ids of journal rows: there may be gaps between them.
details_of_refusals="SELECT place, regexp_replace(detail, 'transaction_id=[0-9]+', '')
    FROM model.answer JOIN model.expected e USING (place)
    WHERE e.operation IN ('buy', 'exchange') AND e.code <> '00000' ORDER BY place"

fresh_model
sql "$database" -c "CALL model.run($seed, 1200)" -c "CALL model.stock_up($seed)" \
    -c "CALL model.draw_sequence($seed, $orders, false)"
fresh_copy "$database" "$singly"
batches=$(sql "$database" -c 'SELECT max(batch) FROM model.expected')

prints_nothing "$orders orders by single calls have the model's answers (seed $seed)" \
    sql "$singly" -c 'CALL model.run_sequence(false)' -c "$answers_differ"
prints_nothing 'every table and view after them equals those of the model, and mvm_audit() is empty' \
    sql "$singly" -c "$tables_differ"
prints_nothing 'statements and balances of the past are what the model says after single calls' \
    sql "$singly" -c "$statements_differ"

prints_nothing "the same orders in $batches batches have the model's answers" \
    sql "$database" -c 'CALL model.run_sequence(true)' -c "$answers_differ"
prints_nothing 'every table and view after them, to the last journal row, equals those of the model, and mvm_audit() is empty' \
    sql "$database" -c "$tables_differ"
prints_nothing 'statements and balances of the past are what the model says after batches' \
    sql "$database" -c "$statements_differ"
sql "$singly" -c "$details_of_refusals" >"$work/single_details"
sql "$database" -c "$details_of_refusals" >"$work/batch_details"
prints_nothing 'the refusals of batches have the details of those of single calls' diff "$work/single_details" "$work/batch_details"
if [ "$orders" -ge 3000 ]; then
    prints_nothing 'the batches met the refusals of theirs, repeated keys and hot wallets, and succeeded often' \
        sql "$database" -c 'SELECT * FROM model.never_met(false)'
fi

# Batches remember what they refuse: single calls and batches in turn, on one market.
more=$((orders / 2))
sql "$database" -c "CALL model.draw_sequence($seed + 1, $more, true)"
prints_nothing "$more more orders, batches and single calls in turn, that use refused keys again have the model's answers" \
    sql "$database" -c 'CALL model.run_sequence(true)' -c "$answers_differ" -c 'SELECT * FROM model.differing_details() LIMIT 5'
prints_nothing 'every table and view after those equals those of the model, and mvm_audit() is empty' \
    sql "$database" -c "$tables_differ"
if [ "$orders" -ge 3000 ]; then
    prints_nothing 'batches and single calls repeated refusals' sql "$database" -c 'SELECT * FROM model.never_met(true)'
fi
sql "$database" -F ' ' -c "
    SELECT '# ' || operation || ' in batches', string_agg(code || ':' || times, ' ' ORDER BY code)
    FROM (SELECT operation, code, count(*) AS times FROM model.expected WHERE batch IS NOT NULL GROUP BY 1, 2) c
    GROUP BY operation ORDER BY operation"

# The comparison can fail: a model with one rule changed is caught, by one of five sequences, which are always the same.
broken_model_is_caught() # WHAT SQL
{
    local sequence
    for sequence in 20 21 22 23 24; do
        fresh_model
        sql "$database" -c "$2"
        if ! sql "$database" -c "CALL model.run($sequence, 5000)" >"$work/output" 2>&1; then
            if grep -q 'the engine and the model differ' "$work/output"; then
                passed "a model in which $1 is caught"
                return
            fi
            break
        fi
    done
    not_passed "a model in which $1 is caught" "$work/output"
}
broken_model_is_caught 'a conversion rounds what a user receives up' \
    'CREATE OR REPLACE FUNCTION model.convert_down(minor numeric, origin model.universe, target model.universe)
     RETURNS numeric LANGUAGE sql AS $$ SELECT model.convert_up(minor, origin, target) $$'
broken_model_is_caught 'an amount that the currency does not have is rounded' \
    'CREATE OR REPLACE FUNCTION model.to_minor(amount numeric, currency_scale integer)
     RETURNS numeric LANGUAGE sql AS $$ SELECT round(amount * model.power_of_ten(currency_scale)) $$'
broken_model_is_caught 'an amount is refused from a millionth of a minor unit on' \
    'ALTER FUNCTION model.to_minor RENAME TO to_minor_within;
     CREATE FUNCTION model.to_minor(amount numeric, currency_scale integer) RETURNS numeric LANGUAGE sql AS $$
        SELECT CASE abs(amount * model.power_of_ten(currency_scale) - round(amount * model.power_of_ten(currency_scale)))
            WHEN 0.000001 THEN 0 ELSE model.to_minor_within(amount, currency_scale) END $$'
broken_model_is_caught 'the largest amount is one minor unit larger' \
    'CREATE OR REPLACE FUNCTION model.too_large(amount numeric)
     RETURNS boolean LANGUAGE sql AS $$ SELECT amount > 9223372036854775808 $$'
broken_model_is_caught 'fees and tariffs round down' \
    'CREATE OR REPLACE FUNCTION model.share(amount numeric, rate numeric)
     RETURNS numeric LANGUAGE sql AS $$ SELECT floor(amount * rate) $$'
broken_model_is_caught 'fees and tariffs round to the nearest' \
    'CREATE OR REPLACE FUNCTION model.share(amount numeric, rate numeric)
     RETURNS numeric LANGUAGE sql AS $$ SELECT round(amount * rate) $$'
broken_model_is_caught 'holds and quotes are as long and as many as anybody likes' \
    'CREATE OR REPLACE FUNCTION model.refuse_option(ttl interval, longest interval, already bigint, most bigint)
     RETURNS void LANGUAGE sql AS $$ SELECT $$'
broken_model_is_caught 'a quote past its time counts as open' \
    'CREATE OR REPLACE FUNCTION model.open_quotes(of_user bigint, to_id integer) RETURNS bigint LANGUAGE sql AS $$
        SELECT count(*) FROM model.quote WHERE user_id = of_user AND to_universe_id = to_id AND event_id IS NULL $$'
broken_model_is_caught 'every refund rounds by itself' \
    'CREATE OR REPLACE FUNCTION model.portion(amount numeric, bought numeric, before numeric, pieces numeric)
     RETURNS numeric LANGUAGE sql AS $$ SELECT COALESCE(div(amount * pieces, bought), 0) $$'
broken_model_is_caught 'a closed route lets everyone pass' \
    'CREATE OR REPLACE FUNCTION model.route_closed(from_id integer, to_id integer)
     RETURNS boolean LANGUAGE sql AS $$ SELECT false $$'
broken_model_is_caught 'holds past their time keep stock and money' \
    'CREATE OR REPLACE FUNCTION model.release_for(on_item bigint, of_buyer bigint, in_universe integer, missing numeric)
     RETURNS boolean LANGUAGE sql AS $$ SELECT false $$'
broken_model_is_caught 'holds past their time are released though nothing is missing' \
    'ALTER FUNCTION model.find_ware RENAME TO find_ware_only;
     CREATE FUNCTION model.find_ware(buyer_in bigint, item_in bigint) RETURNS model.item LANGUAGE sql AS $$
        SELECT model.release_for(item_in, NULL, NULL, 1);
        SELECT model.find_ware_only(buyer_in, item_in) $$'
broken_model_is_caught 'holds that expired last are released first' \
    'CREATE FUNCTION model.turn_forth() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        NEW.turned_back := NOT NEW.turned_back;
        RETURN NEW;
     END $$;
     CREATE TRIGGER turn_forth BEFORE UPDATE OF turned_back ON model.hold FOR EACH ROW EXECUTE FUNCTION model.turn_forth()'
broken_model_is_caught 'a quote can be accepted past its time' \
    'CREATE OR REPLACE FUNCTION model.is_closed(quote model.quote)
     RETURNS boolean LANGUAGE sql AS $$ SELECT quote.event_id IS NOT NULL $$'
broken_model_is_caught 'a quote can be accepted twice' \
    'CREATE OR REPLACE FUNCTION model.is_closed(quote model.quote)
     RETURNS boolean LANGUAGE sql AS $$ SELECT quote.over $$'
broken_model_is_caught 'the last wallet that is named pays' \
    'ALTER FUNCTION model.deal_from RENAME TO deal_from_any;
     CREATE FUNCTION model.deal_from(buyer bigint, ware model.item, pieces bigint, wallets integer[], key text, body text)
     RETURNS bigint LANGUAGE sql AS $$
        SELECT model.deal_from_any(buyer, ware, pieces, wallets[cardinality(wallets):], key, body) $$'
broken_model_is_caught 'the house pays out what it does not have' \
    'CREATE OR REPLACE FUNCTION model.house_minor(universe_in integer, account_in text) RETURNS numeric
     LANGUAGE sql AS $$ SELECT 1e30 $$'

# So is one in which batches do something else.
model_of_batches_is_caught() # WHAT SQL PATTERN
{
    local sequence
    for sequence in 20 21 22 23 24; do
        fresh_model
        sql "$database" -c "$2" -c "CALL model.run($sequence, 600)" -c "CALL model.stock_up($sequence)" \
            -c "CALL model.draw_sequence($sequence, 1000, true)" -c 'CALL model.run_sequence(true)'
        if ! sql "$database" -c "$answers_differ" >"$work/output" 2>&1; then
            break
        elif grep -q "$3" "$work/output"; then
            passed "a model in which $1 is caught"
            return
        fi
    done
    not_passed "a model in which $1 is caught" "$work/output"
}
model_of_batches_is_caught 'a batch forgets what it refused' \
    'CREATE RULE forget AS ON INSERT TO model.request WHERE NEW.refusal IS NOT NULL DO INSTEAD NOTHING' \
    'engine: .* replayed'
# And one with another past.
model_of_statements_is_caught() # WHAT SQL PATTERN
{
    fresh_model
    sql "$database" -c 'CALL model.run(20, 600)' -c "$2"
    if sql "$database" -c 'SELECT * FROM model.differing_statements(20, 100)' >"$work/output" 2>&1 && grep -q "^$3" "$work/output"; then
        passed "a model in which $1 is caught"
    else
        not_passed "a model in which $1 is caught" "$work/output"
    fi
}
model_of_statements_is_caught 'a statement takes what happens at its end' \
    'CREATE OR REPLACE FUNCTION model.balance_before(of_user bigint, in_universe integer, moment timestamptz)
     RETURNS numeric LANGUAGE sql AS $$
        SELECT COALESCE(sum(amount), 0) FROM model.movement
        WHERE user_id = of_user AND universe_id = in_universe AND transaction_time <= moment $$' \
    mvm_statement
model_of_statements_is_caught 'a balance of the past is that of now' \
    'CREATE OR REPLACE FUNCTION model.balance_at(of_user bigint, universe_in integer, moment timestamptz)
     RETURNS jsonb LANGUAGE sql AS $$ SELECT model.balance(of_user, universe_in) $$' \
    mvm_balance
