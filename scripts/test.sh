#!/usr/bin/env bash
# Installs what is missing, builds, and runs suites on servers of its own under .mvm/test/, so that a market that is up is
# not disturbed. Ends with a line "N passed, N failed"; exits non-zero unless all passed and there was something to pass.
#
#   ./mvm test                       every suite
#   ./mvm test SUITE [TEST...]...    only these; of a suite only the tests named behind it, if any are:
#                                    ./mvm test regress buy
#                                    ./mvm test gateway 'Holds.*' dba indexes triggers lint
#                                    A test of unit or gateway is a regular expression for the whole name.
#   ./mvm test --list [SUITE]        the suites and what each is for; the tests of one
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

# ---------------------------------------------------------------------------
# What there is
# ---------------------------------------------------------------------------

# Every suite there is, quick ones first: four that other programs run, and the scripts tests/SUITE/run.sh.
all_suites()
{
    printf '%s\n' lint regress isolation unit gateway
    local script
    for script in "$root"/tests/*/run.sh; do
        script=${script%/run.sh}
        [ "${script##*/}" = lint ] || printf '%s\n' "${script##*/}"
    done
}

is_suite()
{
    grep -qxF -- "$1" <<<"$suites_there_are"
}

# What a suite is for, in a line.
purpose_of() # SUITE
{
    case "$1" in
        regress) echo 'What each SQL function answers and refuses, in one session (tests/regress/sql)' ;;
        isolation) echo 'What sessions that race each other see and leave behind (tests/isolation/specs)' ;;
        unit) echo "The market's rules by themselves, in plain C++" ;;
        gateway) echo 'The REST gateway: its parts, and all of it on real servers, which are stopped and killed' ;;
        # The first sentence of the script, up to a full stop or colon.
        *) sed -n '2,/^[^#]/ s/^# \{0,1\}//p' "$root/tests/$1/run.sh" | tr '\n' ' ' | sed -E 's/[.:] .*//' ;;
    esac
}

# The names that may stand behind a suite.
tests_of() # SUITE
{
    case "$1" in
        regress) basename -a -s .sql "$root"/tests/regress/sql/*.sql ;;
        isolation) basename -a -s .spec "$root"/tests/isolation/specs/*.spec ;;
        unit | gateway) sed -n -E 's/^TEST(_F|_P)?\((\w+), (\w+)\)$/\2.\3/p' "$root/tests/$1"/*_test.cpp | sort ;;
        *) "$root/tests/$1/run.sh" --list ;;
    esac
}

list()
{
    local suite
    if [ $# -eq 0 ]; then
        for suite in $suites_there_are; do
            printf '%-10s %s\n' "$suite" "$(purpose_of "$suite")"
        done
        return
    fi
    for suite in "$@"; do
        is_suite "$suite" || refuse_suite "$suite"
        tests_of "$suite"
    done
}

refuse_suite()
{
    fail "no such suite: $1; there are: ${suites_there_are//$'\n'/ }"
}

# A name, or for unit and gateway a regular expression.
refuse_unknown_test() # SUITE TEST
{
    local there_are
    there_are=$(tests_of "$1")
    [ -n "$there_are" ] || fail "no such suite: $2; and of $1 no tests can be named"
    case "$1" in
        unit | gateway) grep -qxE -- "$2" <<<"$there_are" || fail "no test of $1 is named $2; ./mvm test --list $1" ;;
        *) grep -qxF -- "$2" <<<"$there_are" || fail "no test of $1 is named $2; there are: ${there_are//$'\n'/ }" ;;
    esac
}

# Takes the arguments apart: suites, in order, and chosen[SUITE], the tests named behind it.
declare -A chosen=()
suites=()
choose() # ARGUMENT...
{
    local argument suite=
    for argument in "$@"; do
        if is_suite "$argument"; then
            suite=$argument
            [[ " ${suites[*]} " == *" $suite "* ]] || suites+=("$suite")
        elif [ -z "$suite" ]; then
            refuse_suite "$argument"
        else
            refuse_unknown_test "$suite" "$argument"
            chosen[$suite]+="${chosen[$suite]:+ }$argument"
        fi
    done
    [ "${#suites[@]}" -gt 0 ] || mapfile -t suites <<<"$suites_there_are"
}

# ---------------------------------------------------------------------------
# Running
# ---------------------------------------------------------------------------

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

# Runs one suite, or the tests of it that are named.
run_suite() # SUITE [TEST...]
{
    local suite=$1
    shift
    case "$suite" in
        regress) run_installcheck regress ISOLATION= ${1+REGRESS="$*"} ;;
        isolation) run_installcheck isolation REGRESS= ${1+ISOLATION="$*"} ;;
        unit | gateway) run_ctest "$suite" "$@" ;;
        *) "$root/tests/$suite/run.sh" "$@" ;;
    esac
}

run_installcheck() # SUITE MAKE-VARIABLE...
{
    local suite=$1 status=0
    shift
    find "$root/tests/$suite" -name regression.diffs -delete
    make --no-print-directory -C "$root" -f Makefile.pgxs installcheck "$@" || status=$?
    find "$root/tests/$suite" -name regression.diffs -exec cat {} +
    return "$status"
}

# CTest looks for its expressions anywhere in a name, and writes the parameter of a test behind it.
run_ctest() # SUITE EXPRESSION...
{
    local suite=$1 names=
    shift
    if [ $# -gt 0 ]; then
        names=$(printf '|%s' "$@") # CTest allows few parentheses
        names=${names#|}
    fi
    ctest --test-dir "$root/build" --label-regex "^$suite\$" --tests-regex "^(${names:-.*})(/.+)?\$" \
        --output-on-failure --no-tests=error
}

# Runs one suite, shows its output, and counts its checks.
count_suite()
{
    local suite=$1 status=0 suite_passed suite_failed log=$logs/$1.log
    local tests
    read -ra tests <<<"${chosen[$suite]:-}"
    say "Tests: $suite ${tests[*]}"
    run_suite "$suite" "${tests[@]}" </dev/null 2>&1 9>&- | tee "$log" || status=$?

    case "$suite" in
        regress | isolation)
            # "test foo ... ok" and "     foo ... ok" of PostgreSQL 15, "ok 1 - foo" of 16 and later.
            suite_passed=$(grep -cE '^(ok [0-9]|(test|  ) *[^ ]+ +\.\.\. +ok )' "$log" || true)
            suite_failed=$(grep -cE '^(not ok [0-9]|(test|  ) *[^ ]+ +\.\.\. .*FAILED)' "$log" || true)
            ;;
        unit | gateway)
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

# True when all that these suites need is the extension: nothing else has to be built then.
need_only_the_extension() # SUITE...
{
    local suite
    for suite in "$@"; do
        case "$suite" in
            regress | isolation | crash | dump | memory | model | upgrade) ;;
            *) return 1 ;;
        esac
    done
}

suites_there_are=$(all_suites)
if [ "${1:-}" = --list ]; then
    shift
    list "$@"
    exit
fi
choose "$@"

mkdir -p "$logs"
exec 9>"$state/lock"
flock -n 9 || fail "another ./mvm test runs in this checkout"
rm -f "$logs"/*

"$root/scripts/install-packages.sh" build run test bench
pg_config=$(require_pg_config)
"$root/scripts/build.sh" extension
need_only_the_extension "${suites[@]}" || "$root/scripts/build.sh" tests

trap stop_servers EXIT
trap 'exit 130' INT TERM HUP
start_servers
run_all "${suites[@]}"
