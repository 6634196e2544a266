#!/bin/bash
# The randomised model test: thousands of random operations on the extension and
# on a plain PL/pgSQL model of the same rules; every outcome and, at the end,
# every table must be equal.
#
#   MVM_MODEL_SEED   0 to 999999999; random unless told (or the first argument)
#   MVM_MODEL_STEPS  operations, 20000 unless told (or the second argument)
#
# PGHOST, PGPORT, PGUSER and PGPASSFILE name a server with the extension installed.
set -euo pipefail

: "${PGHOST:?name a PostgreSQL server with the extension installed (./mvm test does)}"
: "${PGPORT:?name a PostgreSQL server with the extension installed (./mvm test does)}"
: "${PGUSER:?name a PostgreSQL server with the extension installed (./mvm test does)}"

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
seed=${1:-${MVM_MODEL_SEED:-$(shuf -i 0-999999999 -n 1)}}
steps=${2:-${MVM_MODEL_STEPS:-20000}}
database=mvm_model_test
output=$(mktemp)
failed=0

run_sql() {
    psql -X -q -v ON_ERROR_STOP=1 -d "$database" "$@"
}

drop_database() {
    psql -X -q -d postgres -c 'SET client_min_messages = warning' -c "DROP DATABASE IF EXISTS $database WITH (FORCE)"
}
trap 'rm -f "$output"; drop_database' EXIT

fresh_database() {
    drop_database
    psql -X -q -d postgres -c "CREATE DATABASE $database"
    run_sql -c 'CREATE EXTENSION mvm' -f "$here/model.sql" -f "$here/driver.sql"
}

passed() { echo "ok - $1"; }
not_passed() {
    echo "not ok - $1"
    sed 's/^/#   /' "$output"
    failed=1
}

echo "# MVM_MODEL_SEED=$seed MVM_MODEL_STEPS=$steps"

fresh_database
if run_sql -c "CALL model.run($seed, $steps)" >"$output" 2>&1; then
    passed "$steps random operations have the same outcomes on the engine and on the model (seed $seed)"
else
    not_passed "$steps random operations have the same outcomes on the engine and on the model (seed $seed)"
fi

if run_sql -At -c 'SELECT * FROM model.differing_tables() LIMIT 20' >"$output" 2>&1 && [ ! -s "$output" ]; then
    passed 'every table and view, the ledger and the house accounts equal those of the model, and mvm_audit() is empty'
else
    not_passed 'every table and view, the ledger and the house accounts equal those of the model, and mvm_audit() is empty'
fi

# A run that never met a refusal, or hardly ever succeeded, would prove little.
if [ "$steps" -ge 20000 ]; then
    run_sql -At -c "
        SELECT operation || ' never met ' || code
        FROM (VALUES
            ('buy', '{00000,MV001,MV002,MV101,MV102,MV104,MV202,MV203,MV401}'::text[]),
            ('exchange', '{00000,MV001,MV003,MV101,MV103,MV201,MV203,MV204,MV401}'),
            ('deposit', '{00000,MV001,MV003,MV201,MV203,MV204,MV401}'),
            ('withdraw', '{00000,MV101,MV201,MV203,MV204}'),
            ('create_universe', '{00000,MV203,MV205}'),
            ('create_user', '{00000,MV201,MV203,MV205}'),
            ('list_item', '{00000,MV001,MV003,MV201,MV202,MV203}')
        ) wanted (operation, codes), unnest(codes) code
        WHERE NOT EXISTS (SELECT FROM model.tally t WHERE t.operation = wanted.operation AND t.sqlstate = code)
        UNION ALL
        SELECT operation || ' succeeds too seldom'
        FROM model.tally WHERE operation IN ('buy', 'exchange', 'deposit', 'withdraw', 'list_item')
        GROUP BY operation HAVING sum(times) FILTER (WHERE sqlstate = '00000') < 0.4 * sum(times)" >"$output" 2>&1 || true
    if [ ! -s "$output" ]; then
        passed 'the operations met the refusals of theirs, and succeeded often'
    else
        not_passed 'the operations met the refusals of theirs, and succeeded often'
    fi
fi
run_sql -At -F ' ' -c "
    SELECT '# ' || operation, string_agg(sqlstate || ':' || times, ' ' ORDER BY sqlstate)
    FROM model.tally GROUP BY operation ORDER BY operation"

# The comparison can fail: a model with one rule changed is caught.
broken_model_is_caught() { # what, SQL
    fresh_database
    run_sql -c "$2"
    if run_sql -c "CALL model.run(20, 5000)" >"$output" 2>&1; then
        not_passed "a model in which $1 is caught"
    elif grep -q 'the engine and the model differ' "$output"; then
        passed "a model in which $1 is caught"
    else
        not_passed "a model in which $1 is caught"
    fi
}
broken_model_is_caught 'a conversion rounds what a user receives up' \
    'CREATE OR REPLACE FUNCTION model.convert_down(minor numeric, origin model.universe, target model.universe)
     RETURNS numeric LANGUAGE sql AS $$ SELECT model.convert_up(minor, origin, target) $$'
broken_model_is_caught 'amounts round half away from zero' \
    'CREATE OR REPLACE FUNCTION model.to_minor(amount numeric, currency_scale integer)
     RETURNS numeric LANGUAGE sql AS $$ SELECT round(amount * model.power_of_ten(currency_scale)) $$'
broken_model_is_caught 'the largest amount is one minor unit larger' \
    'CREATE OR REPLACE FUNCTION model.too_large(amount numeric)
     RETURNS boolean LANGUAGE sql AS $$ SELECT amount > 9223372036854775808 $$'

exit "$failed"
