#!/usr/bin/env bash
# Strangers may create in the schema of CREATE EXTENSION, in the database, or own it: nothing that the market does, and
# nothing that is done to it, calls what they planted there.
set -euo pipefail
# shellcheck source=tests/lib/checks.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/checks.sh"
# shellcheck source=tests/lib/database.sh
. "$root/tests/lib/database.sh"

template=mvm_hostile_template
market=mvm_hostile_market
stranger=mvm_hostile_stranger
trader=mvm_hostile_trader
gateway_role=mvm_hostile_gateway
owner=mvm_hostile_owner

# The test's own queries look nothing up where strangers may create.
pinned() # DATABASE ARGUMENT...
{
    PGOPTIONS='-c search_path=pg_catalog,pg_temp' sql "$@"
}

# A copy of the database with the traps, of that name.
hostile_database() # NAME
{
    fresh_database "$1"
    pinned postgres -c "DROP DATABASE $1" -c "CREATE DATABASE $1 TEMPLATE $template"
}

pinned_answers() # SENTENCE TEXT DATABASE QUERY
{
    PGOPTIONS='-c search_path=pg_catalog,pg_temp' answers "$@"
}

no_trap_was_called() # SENTENCE DATABASE
{
    pinned_answers "$1" '' "$2" \
        "SELECT COALESCE(t.what, 'trap ' || s.last_value) FROM hostile.sprung s LEFT JOIN hostile.trap t ON t.id = s.last_value
         WHERE s.is_called"
}

depends_on_nothing_foreign() # WHAT DATABASE
{
    pinned_answers "$1 depends on nothing outside pg_catalog, mvm and the extension" '' "$2" \
        "$(cat "$root/tests/dba/hostile/foreign.sql")"
}

# The traps' numbers begin again.
clear_traps() # DATABASE
{
    pinned "$1" -c "SELECT setval('hostile.sprung', 1, false)" >/dev/null
}

# As whoever has PGUSER, with traps in the session's own schema, too.
# shellcheck disable=SC2317 # called through holds and refuses
with_temporary_traps() # DATABASE ARGUMENT...
{
    local database=$1
    shift
    sql "$database" -f "$root/tests/dba/hostile/temporary.sql" "$@"
}

for role in $stranger $trader $owner; do
    fresh_role "$role"
done
roles+=("$gateway_role") # scripts/prepare-market.sh makes it
sql postgres -c "SET client_min_messages = warning" -c "DROP ROLE IF EXISTS $gateway_role"

# ---------------------------------------------------------------------------
# The traps: for every name that the extension's and the gateway's SQL uses
# ---------------------------------------------------------------------------

{
    find "$root/sql" -name '*.sql' -exec grep -hv '^ *--' {} +
    cat "$root/gateway/queries.hpp" "$root"/scripts/*.sql "$root/scripts/prepare-market.sh"
    grep -rlZ SPI_exec "$root/extension" | xargs -0 cat
} >"$work/texts"
fresh_database $template
holds 'the traps can be planted' sql $template -v texts="$work/texts" -f "$root/tests/dba/hostile/traps.sql"
pinned_answers 'there are thousands of them' t $template \
    'SELECT (SELECT count(*) FROM hostile.trap) > 5000 AND (SELECT count(*) FROM hostile.function) > 30
        AND (SELECT count(*) FROM hostile.operator) > 15'

hostile_database $market
for call in "1::oid = 'pg_class'::regclass" '1.5 > 1' '1::bigint + 1.5' "format('%s', 'x'::name)" "'x'::name LIKE 'x'"; do
    refuses "a query whose path is not pinned falls into the trap of $call" 'a trap was called' sql $market -c "SELECT $call"
done
refuses 'a trap in the session'"'"'s own schema is found first' 'a trap was called' \
    with_temporary_traps $market -c 'SELECT * FROM pg_depend'
pinned_answers 'a trap leaves its trace when its transaction is rolled back' t $market 'SELECT is_called FROM hostile.sprung'

# ---------------------------------------------------------------------------
# Install, update, downgrade
# ---------------------------------------------------------------------------

for version in 1.0 1.1 1.2; do
    hostile_database $market
    holds "mvm $version is installed among traps" with_temporary_traps $market -c "CREATE EXTENSION mvm VERSION '$version'"
    no_trap_was_called "installing mvm $version calls no trap" $market
    depends_on_nothing_foreign "mvm $version" $market
done

hostile_database $market
holds 'a market of 1.0 is made and used among traps' sql $market -c "CREATE EXTENSION mvm VERSION '1.0'" \
    -c 'SELECT mvm_seed()' -c "SELECT mvm_grant('$trader', 'trader')" -c 'SELECT mvm_buy(1, 2)' \
    -c 'SELECT mvm_exchange(1, 10, 1, 3)' -c "SELECT mvm_deposit(1, 1, 1, 'a key')"
for version in 1.1 1.0 1.2 1.1 1.0 1.1 1.2; do
    holds "the market is brought to $version among traps" \
        with_temporary_traps $market -c "ALTER EXTENSION mvm UPDATE TO '$version'" -c 'SELECT mvm_deposit(1, 1)'
    no_trap_was_called "bringing it to $version calls no trap" $market
    depends_on_nothing_foreign "a market brought to $version" $market
    audit_is_clean $market
done
pinned_answers 'a role can still call what was granted to it in 1.0' '99.0' $market \
    "SET ROLE $trader; SELECT round(amount, 1) FROM public.mvm_exchange(1, 99, 1, 2)"

# ---------------------------------------------------------------------------
# Use, audit, dump and restore
# ---------------------------------------------------------------------------

hostile_database $market
holds 'a market of the latest version is made among traps' sql $market -c 'CREATE EXTENSION mvm'
holds 'every function, CHECK and trigger of the market is used among traps' \
    with_temporary_traps $market -f "$root/tests/dba/hostile/use.sql"
pinned $market -c "SELECT format('TABLE mvm.%I;', relname) FROM pg_class
    WHERE relkind = 'v' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'mvm')" >"$work/views.sql"
holds 'every view of the market is read among traps' with_temporary_traps $market -f "$work/views.sql"
no_trap_was_called 'using, reading and auditing the market calls no trap' $market
audit_is_clean $market

holds 'the market is dumped' pg_dump -Fc --exclude-schema=public --exclude-schema=hostile -f "$work/dump" $market
no_trap_was_called 'dumping the market calls no trap' $market
hostile_database ${market}_copy
pg_restore -l "$work/dump" 2>"$work/output" | grep -v ' CAST ' >"$work/list" || true # the copy has the stranger's
holds 'the market is restored among traps' pg_restore --exit-on-error -L "$work/list" -d ${market}_copy "$work/dump"
no_trap_was_called 'restoring the market calls no trap' ${market}_copy
audit_is_clean ${market}_copy
pinned_answers 'the restored market has the rows' t ${market}_copy 'SELECT count(*) > 20 FROM mvm.journal'

# ---------------------------------------------------------------------------
# The four attacks that once made a stranger a superuser
# ---------------------------------------------------------------------------

nobody_was_taken_over() # SENTENCE DATABASE
{
    pinned_answers "no superuser calls $1, and it makes nobody one" 'f|f' "$2" \
        "SELECT s.is_called, r.rolsuper FROM public.taken_over s, pg_roles r WHERE r.rolname = '$stranger'"
    sql postgres -c "ALTER ROLE $stranger NOSUPERUSER"
}

attack_operator() # SENTENCE OPERATOR LEFT-TYPE RIGHT-TYPE RESULT BODY
{
    fresh_database $market
    sql $market -v name=take_over -v arguments="$3, $4" -v result="$5" -v body="$6" -f "$root/tests/dba/hostile/attack.sql"
    pinned $market -c "SET ROLE $stranger" \
        -c "CREATE OPERATOR public.$2 (FUNCTION = public.take_over, LEFTARG = $3, RIGHTARG = $4)"
    holds "beside $1 a market is installed, used, brought up and down" sql $market -f "$root/tests/dba/hostile/attacked.sql"
    nobody_was_taken_over "$1" $market
    depends_on_nothing_foreign "a market beside $1" $market
    audit_is_clean $market
}

# Makes the market and the gateway's role, or updates them.
# shellcheck disable=SC2317 # called through holds
prepare()
{
    MVM_ROLE_PASSWORD=$(od -An -v -N16 -tx1 /dev/urandom | tr -d ' \n' | tee "$work/password") \
        "$root/scripts/prepare-market.sh" "$market" "$gateway_role"
}

# shellcheck disable=SC2016 # $1 and $2 are the function's arguments
{
    attack_operator 'an equality of oid and regclass' = oid regclass boolean '$1 OPERATOR(pg_catalog.=) $2::oid'
    attack_operator 'a comparison of numeric with integer' '>' numeric integer boolean '$1 OPERATOR(pg_catalog.>) $2::numeric'
    attack_operator 'a sum of bigint and numeric' + bigint numeric numeric '$1::numeric OPERATOR(pg_catalog.+) $2'

    # In the database where databases and roles are made.
    sql postgres -v name=format -v arguments='text, name' -v result=text -v body='pg_catalog.format($1, $2::text)' \
        -f "$root/tests/dba/hostile/attack.sql"
}
sql postgres -c "DROP DATABASE $market"
holds 'beside a format of text and name scripts/prepare-market.sh makes a market' prepare
nobody_was_taken_over 'a format of text and name' postgres
sql postgres -c "DROP OWNED BY $stranger"

# ---------------------------------------------------------------------------
# A market that old scripts have made, with a stranger's operators in it
# ---------------------------------------------------------------------------

hostile_database $market
holds 'a market of 1.1 is made and used among traps' sql $market -c "CREATE EXTENSION mvm VERSION '1.1'" \
    -c 'SELECT mvm_seed()' -c 'SELECT mvm_buy(1, 1)' -c 'SELECT mvm_set_rules(2, sale_fee_rate => 0.05)' \
    -c 'SELECT mvm_set_route(1, 2, true, 0.1)'
{
    printf 'SET search_path = public, pg_temp;\n'
    awk '/^CREATE OR REPLACE VIEW mvm\.(items|users|wallets) / { printing = 1 } printing { print } /;$/ { printing = 0 }' \
        "$root/sql/mvm--1.0--1.1.sql"
} >"$work/views.sql"
holds 'its views and constraints are those of an old script' sql $market -f "$work/views.sql" \
    -f "$root/tests/dba/hostile/poisoned_checks.sql"
for view in items users wallets; do
    refuses "the view mvm.$view of an old script falls into a trap" 'a trap was called' sql $market -c "TABLE mvm.$view"
done
for call in "mvm_set_exchange_rate(1, 2)" "mvm_set_route(1, 2, true, 0.2)" "mvm_deposit(1, 1)"; do
    refuses "a constraint of an old script makes $call fall into a trap" 'a trap was called' sql $market -c "SELECT $call"
done
clear_traps $market
holds 'a market that old scripts have made is brought to 1.2' \
    with_temporary_traps $market -c "ALTER EXTENSION mvm UPDATE TO '1.2'"
no_trap_was_called 'bringing it to 1.2 calls no trap' $market
depends_on_nothing_foreign 'a market of old scripts that was brought to 1.2' $market
holds 'its views can be read' sql $market -c 'TABLE mvm.items' -c 'TABLE mvm.users' -c 'TABLE mvm.wallets'
holds 'its calls work' sql $market -c 'SELECT mvm_set_exchange_rate(1, 2)' -c 'SELECT mvm_set_route(1, 2, true, 0.2)' \
    -c 'SELECT mvm_deposit(1, 1)'
refuses 'its constraints hold' 'universe_exchange_rate_range' sql $market -c 'UPDATE mvm.universe SET exchange_rate = -1'
no_trap_was_called 'using it calls no trap' $market
audit_is_clean $market

# ---------------------------------------------------------------------------
# Functions of the market's names
# ---------------------------------------------------------------------------

hostile_database $market
holds 'a stranger makes a function of the name and arguments of one of the market'"'"'s' pinned $market \
    -c "SET ROLE $stranger" -c "SELECT hostile.plant('public.mvm_version()', 'text')"
refuses 'then the market is not installed there' 'already exists with same argument types' sql $market -c 'CREATE EXTENSION mvm'
pinned $market -c 'DROP FUNCTION public.mvm_version()'

# Scripts that update create functions OR REPLACE: the server refuses that for what is not the extension's own.
hostile_database $market
holds 'a market of 1.1 is made' sql $market -c "CREATE EXTENSION mvm VERSION '1.1'"
for planted in 'mvm_revoke(name)|void' \
    'mvm_sync_sequences()|TABLE (sequence_name text, from_value bigint, to_value bigint)'; do
    pinned $market -c "SET ROLE $stranger" -c "SELECT hostile.plant('public.${planted%|*}', '${planted#*|}')" >/dev/null
    refuses "beside a stranger's ${planted%|*} it is not brought to 1.2" 'is not a member of extension "mvm"' \
        sql $market -c "ALTER EXTENSION mvm UPDATE TO '1.2'"
    pinned_answers 'it stays at 1.1' 1.1 $market "SELECT extversion FROM pg_extension WHERE extname = 'mvm'"
    pinned $market -c "DROP FUNCTION public.${planted%|*}"
done
holds 'without them it is' sql $market -c "ALTER EXTENSION mvm UPDATE TO '1.2'"
no_trap_was_called 'neither calls a trap' $market

hostile_database $market
holds 'a stranger who may create in the database makes a schema mvm' pinned $market \
    -c "GRANT CREATE ON DATABASE $market TO $stranger" -c "SET ROLE $stranger" -c 'CREATE SCHEMA mvm'
refuses 'then the market is not installed' 'schema "mvm" already exists' sql $market -c 'CREATE EXTENSION mvm'
pinned $market -c 'DROP SCHEMA mvm'

# Whoever prepares, seeds and looks after the market does it as superuser, and finds a schema of that name first in the path.
pinned $market -c "SET ROLE $stranger" -c "CREATE SCHEMA $PGUSER" \
    -c "SELECT hostile.plant('$PGUSER.' || f, 'text') FROM (VALUES ('mvm_seed()'), ('mvm_version()'), ('mvm_audit()'),
        ('mvm_grant(name, text)'), ('mvm_grant(text, text)'), ('format(text, text)')) v (f)" >/dev/null
holds 'scripts/prepare-market.sh makes the market' prepare
pinned_answers 'in schema public' public $market "SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = 'mvm'"
holds 'a stranger makes functions of the names of the market'"'"'s that match better' sql $market \
    -f "$root/tests/dba/hostile/overloads.sql"
refuses 'a call with literals falls into the trap' 'a trap was called' sql $market -c 'SELECT public.mvm_buy(1, 1)'
clear_traps $market
holds 'scripts/prepare-market.sh prepares it again' prepare
holds 'scripts/seed.sh adds universes, users and items' env PGDATABASE=$market \
    "$root/scripts/seed.sh" --universes 2 --users 5 --items 5
holds 'scripts/status.sql looks at it' sql $market -f "$root/scripts/status.sql"
refuses 'scripts/seed-sample.sql finds that it is not empty' 'Already exists' sql $market -f "$root/scripts/seed-sample.sql"
holds 'its audit makes checkpoints' pinned $market -c 'SELECT public.mvm_audit_checkpoint(false)' \
    -c 'SELECT public.mvm_audit_checkpoint(true)' -c 'SELECT public.mvm_audit(2::bigint)'
no_trap_was_called 'preparing, seeding and auditing it calls no trap' $market
pinned_answers "the audit of $market is clean" '' $market 'SELECT * FROM public.mvm_audit()'

# The gateway, as whose role such a function would trade.
clear_traps $market
holds 'the gateway serves the market among traps' env PASSWORD_FILE="$work/password" MARKET=$market ROLE=$gateway_role \
    bash "$root/tests/dba/hostile/use_gateway.sh"
no_trap_was_called 'reading and writing through the gateway calls no trap' $market
pinned_answers "the audit of $market after the gateway is clean" '' $market 'SELECT * FROM public.mvm_audit()'

# ---------------------------------------------------------------------------
# Who owns the database, and with it the schema public, is no superuser
# ---------------------------------------------------------------------------

hostile_database $market
as_owner() # SQL...
{
    local command arguments=()
    for command in "$@"; do
        arguments+=(-c "$command")
    done
    pinned $market -c "SET SESSION AUTHORIZATION $owner" "${arguments[@]}"
}
pinned postgres -c "ALTER DATABASE $market OWNER TO $owner"
refuses 'the owner of the database cannot install the extension' 'permission denied to create extension' \
    as_owner 'CREATE EXTENSION mvm SCHEMA public'
holds 'a superuser can' sql $market -c "CREATE EXTENSION mvm VERSION '1.1'" -c 'SELECT mvm_seed()' \
    -c "SELECT mvm_grant('$owner', 'operator')"
refuses 'nor update it' 'must be owner of extension' as_owner "ALTER EXTENSION mvm UPDATE TO '1.2'"
refuses 'nor create in the schema of the tables' 'permission denied for schema mvm' as_owner 'CREATE TABLE mvm.mine ()'
refuses 'nor rename it' 'must be owner of schema mvm' as_owner 'ALTER SCHEMA mvm RENAME TO mine'
refuses 'nor drop a function of the market' 'requires it' as_owner 'DROP FUNCTION public.mvm_audit()'
holds 'a superuser updates it' sql $market -c "ALTER EXTENSION mvm UPDATE TO '1.2'"
as_owner 'ALTER SCHEMA public RENAME TO renamed' 'CREATE SCHEMA public' 'GRANT ALL ON SCHEMA public TO PUBLIC'
pinned $market -c 'GRANT ALL ON ALL TABLES IN SCHEMA hostile TO PUBLIC'
as_owner "SELECT hostile.plant('public.mvm_audit()', 'TABLE (check_name text, subject text, expected numeric, actual numeric)')" \
    >/dev/null
holds 'when the owner puts another schema public in the place of the market'"'"'s, the audit still makes checkpoints' \
    as_owner 'SELECT renamed.mvm_audit_checkpoint()' 'SELECT renamed.mvm_audit_checkpoint(true)' 'SELECT renamed.mvm_audit(2)'
holds 'and privileges are granted' pinned $market -c "SELECT renamed.mvm_grant('$trader', 'trader')"
no_trap_was_called 'neither calls a trap' $market
pinned_answers 'they are privileges on the functions of the market' t $market \
    "SELECT has_function_privilege('$trader', 'renamed.mvm_buy_batch(bigint[], bigint[], bigint[], text[], numeric[], text[])', 'execute')"

# ---------------------------------------------------------------------------
# Schemas with names of all kinds
# ---------------------------------------------------------------------------

fresh_database $market
sql $market -c "CREATE SCHEMA \"Odd; name\" AUTHORIZATION $stranger" -c "CREATE SCHEMA \"it's\""
holds 'the market is installed in a schema with a name that needs quotes' sql $market \
    -c "CREATE EXTENSION mvm VERSION '1.0' SCHEMA \"Odd; name\"" -c 'SELECT "Odd; name".mvm_seed()' \
    -c "SELECT \"Odd; name\".mvm_grant('$trader', 'trader')" -c "ALTER EXTENSION mvm UPDATE TO '1.2'" \
    -c 'SELECT "Odd; name".mvm_audit_checkpoint()'
pinned_answers 'and keeps what it granted' t $market \
    "SELECT bool_and(has_function_privilege('$trader', oid, 'execute')) FROM pg_proc WHERE proname = 'mvm_buy'"
holds 'it is brought down' sql $market -c "ALTER EXTENSION mvm UPDATE TO '1.1'" -c "ALTER EXTENSION mvm UPDATE TO '1.0'"
pinned_answers 'and keeps what it granted, still' t $market \
    "SELECT bool_and(has_function_privilege('$trader', oid, 'execute')) FROM pg_proc WHERE proname = 'mvm_buy'"
sql $market -c 'DROP EXTENSION mvm CASCADE' 2>/dev/null
refuses 'it is not installed where quotes could end early' 'invalid character in extension' sql $market \
    -c "CREATE EXTENSION mvm SCHEMA \"it's\""
