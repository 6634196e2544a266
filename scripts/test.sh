#!/usr/bin/env bash
# Installs what is missing, builds, and runs every suite on servers of its own under .mvm/test/, so that a market that
# is up is not disturbed. Ends with a line "N passed, N failed"; exits non-zero unless all passed.
#
#   ./mvm test              everything
#   ./mvm test SUITE...     only these: regress, isolation, programs, and any tests/SUITE/run.sh
#
# What the suites find in their environment: PGHOST, PGPORT, PGUSER and PGPASSFILE of a superuser on a real PostgreSQL,
# and its password in MVM_TEST_PASSWORD; MVM_TEST_SERVERS (scripts/servers.sh) with MVM_TEST_POSTGRES_DIR,
# MVM_TEST_REDIS_DIR and MVM_TEST_REDIS_PORT to stop, kill and start the servers; MVM_TEST_GATEWAY, the gateway's program.
set -euo pipefail
root=$(dirname "$(dirname "$(readlink -f "$0")")")
# shellcheck source=scripts/common.sh
. "$root/scripts/common.sh"

state=$root/.mvm/test
logs=$state/log
passed=0
failed=0
failed_suites=()

run_all()
{
    local suite
    for suite in "$@"; do
        count_suite "$suite"
    done
    if [ "$failed" -gt 0 ]; then
        printf '\nFailed: %s; their output is in %s\n' "${failed_suites[*]}" "$logs"
    fi
    printf '\n%s passed, %s failed\n' "$passed" "$failed"
    [ "$failed" -eq 0 ]
}

# Runs one suite.
run_suite()
{
    case "$1" in
        regress) run_installcheck regress ISOLATION= ;;
        isolation) run_installcheck isolation REGRESS= ;;
        programs) ctest --test-dir "$root/build" --output-on-failure --no-tests=error ;;
        *) "$root/tests/$1/run.sh" ;;
    esac
}

# Runs one suite, shows its output, and counts its checks.
count_suite()
{
    local suite=$1 status=0 suite_passed suite_failed log=$logs/$1.log
    say "Tests: $suite"
    run_suite "$suite" </dev/null 2>&1 9>&- | tee "$log" || status=$?

    case "$suite" in
        regress | isolation)
            # "test foo ... ok" and "     foo ... ok" of PostgreSQL 15, "ok 1 - foo" of 16 and later.
            suite_passed=$(grep -cE '^(ok [0-9]|(test|  ) *[^ ]+ +\.\.\. +ok )' "$log" || true)
            suite_failed=$(grep -cE '^(not ok [0-9]|(test|  ) *[^ ]+ +\.\.\. .*FAILED)' "$log" || true)
            ;;
        programs)
            # "98% tests passed, 2 tests failed out of 100"
            suite_failed=$(sed -n -E 's/.* tests passed, ([0-9]+) tests failed out of .*/\1/p' "$log")
            suite_passed=$(($(sed -n -E 's/.* tests failed out of ([0-9]+)$/\1/p' "$log") - ${suite_failed:-0}))
            ;;
        *)
            suite_passed=$(grep -c '^ok ' "$log" || true)
            suite_failed=$(grep -c '^not ok ' "$log" || true)
            ;;
    esac
    # A suite that broke off, or checked nothing, has failed whatever it printed.
    if [ "${suite_failed:-0}" -eq 0 ] && { [ "$status" -ne 0 ] || [ "$suite_passed" -eq 0 ]; }; then
        printf 'not ok - the suite %s runs to its end (exit code %s, %s checks passed)\n' \
            "$suite" "$status" "$suite_passed"
        suite_failed=1
    fi
    passed=$((passed + suite_passed))
    failed=$((failed + ${suite_failed:-0}))
    if [ "${suite_failed:-0}" -gt 0 ]; then
        failed_suites+=("$suite")
    fi
}

run_installcheck() # SUITE ARGUMENT
{
    local suite=$1 status=0
    find "$root/tests/$suite" -name regression.diffs -delete
    make --no-print-directory -C "$root" -f Makefile.pgxs installcheck "$2" || status=$?
    find "$root/tests/$suite" -name regression.diffs -exec cat {} +
    return "$status"
}

# Every suite there is, quick ones first.
all_suites()
{
    printf '%s\n' lint regress isolation programs
    local script
    for script in "$root"/tests/*/run.sh; do
        script=${script%/run.sh}
        [ "${script##*/}" = lint ] || printf '%s\n' "${script##*/}"
    done
}

server()
{
    "$root/scripts/servers.sh" "$1" "$2" "$state/$1"
}

start_servers()
{
    local kind
    for kind in postgres redis; do
        server "$kind" remove # what a run that was killed has left
        server "$kind" start
    done
    local name
    for name in ${!PG@} ${!DB_@} ${!REDIS_@} ${!APP_@}; do
        unset "$name"
    done
    PG_CONFIG=$pg_config
    PATH=$(dirname "$pg_config"):$PATH
    PGHOST=127.0.0.1
    PGPORT=$(cat "$state/postgres/port")
    PGUSER=postgres
    PGPASSFILE=$state/postgres/pgpass
    MVM_TEST_PASSWORD=$(sed 's/.*://' "$PGPASSFILE")
    MVM_TEST_POSTGRES_DIR=$state/postgres
    MVM_TEST_REDIS_DIR=$state/redis
    MVM_TEST_REDIS_PORT=$(cat "$state/redis/port")
    MVM_TEST_SERVERS=$root/scripts/servers.sh
    MVM_TEST_GATEWAY=$root/build/gateway/mvm-gateway
    export PG_CONFIG PATH PGHOST PGPORT PGUSER PGPASSFILE MVM_TEST_PASSWORD MVM_TEST_POSTGRES_DIR MVM_TEST_REDIS_DIR \
        MVM_TEST_REDIS_PORT MVM_TEST_SERVERS MVM_TEST_GATEWAY LC_ALL=C.UTF-8
}

# Whatever happened, no server of the tests stays; their logs do.
stop_servers()
{
    local kind
    for kind in postgres redis; do
        cp "$state/$kind/log" "$logs/$kind-server.log" 2>/dev/null || true
        server "$kind" kill || true
        server "$kind" remove || true
    done
}

known_suites=" $(all_suites | tr '\n' ' ')"
if [ $# -eq 0 ]; then
    mapfile -t suites < <(all_suites)
else
    suites=("$@")
fi
for suite in "${suites[@]}"; do
    case "$known_suites" in
        *" $suite "*) ;;
        *) fail "no such suite: $suite; there are:$known_suites" ;;
    esac
done

mkdir -p "$logs"
exec 9>"$state/lock"
flock -n 9 || fail "another ./mvm test runs in this checkout"
rm -f "$logs"/*

"$root/scripts/install-packages.sh" build run test bench
pg_config=$(require_pg_config)
"$root/scripts/build.sh" extension
"$root/scripts/build.sh" tests

trap stop_servers EXIT
trap 'exit 130' INT TERM HUP
start_servers
run_all "${suites[@]}"
