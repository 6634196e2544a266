#!/usr/bin/env bash
# Everything again with checks that are too costly for daily use, where a violation ends the process that makes it:
#
# extension   built with CHECKED=1 (Makefile.pgxs): assertions, and the sanitizer of undefined behaviour. It goes into a
#             copy of PostgreSQL's installation, so that no other suite meets it, and passes regress, isolation, tests/dba
#             and the model.
# address     the gateway with the sanitizers of addresses, leaks and undefined behaviour, and
# thread      with that of data races and deadlocks. Each passes the unit tests and all tests of the gateway, on the
#             server of the checked extension.
#
#   tests/checked/run.sh [PART...]
#
#   MVM_LOAD_SECONDS   how long the gateway's test under load lasts, 5 unless told
#   MVM_MODEL_STEPS    random operations of the model, 6000 unless told; MVM_MODEL_ORDERS: orders, 1000
#
# Besides what tests/gateway needs (./mvm test exports it) this needs the test programs in build/.
set -euo pipefail
# shellcheck disable=SC2034 # checks.sh takes them
parts=(extension address thread)
# shellcheck source=tests/lib/checks.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/checks.sh"

here=$root/tests/checked
state=$root/.mvm/test/checked
source=$state/source
reports=$state/reports # what sanitizers of the gateway say, a file for each process that had to
jobs=$(nproc)

clean_up()
{
    if [ -e "$state/server" ] || [ -L "$state/server" ]; then
        server kill
        server remove
    fi
    if [ -e "$state/postgresql" ] || [ -L "$state/postgresql" ]; then
        remove_reachable_directory "$state/postgresql"
    fi
}
at_end clean_up

# ---------------------------------------------------------------------------
# PostgreSQL with the checked extension
# ---------------------------------------------------------------------------

# The longest directory that holds both.
common_parent() # DIRECTORY DIRECTORY
{
    local parent=$1
    while [ "${2#"$parent"/}" = "$2" ]; do
        parent=${parent%/*}
    done
    printf '%s\n' "$parent"
}

# PostgreSQL's programs find their other files relative to themselves, so a copy is a whole installation.
copy_postgresql()
{
    local original=$1 copy=$2 prefix directory
    prefix=$(common_parent "$("$original" --bindir)" "$("$original" --sharedir)")
    for directory in --bindir --pkglibdir --sharedir; do
        directory=$("$original" "$directory")
        mkdir -p "$copy${directory#"$prefix"}"
        cp -R "$directory/." "$copy${directory#"$prefix"}"
    done
    directory=$("$original" --includedir-server)
    mkdir -p "$(dirname "$copy${directory#"$prefix"}")"
    ln -s "$directory" "$copy${directory#"$prefix"}"
}

# Objects of the last run stay where they are; make sees what has changed since.
copy_sources()
{
    mkdir -p "$source"
    find "$source" -type f ! -name '*.o' -delete
    (cd "$root" && tar -c --exclude='*.o' --exclude='*.so' extension sql tests Makefile.pgxs VERSION) | tar -x -C "$source"
    cp -p "$here/violations.cpp" "$source/extension/pg/"
}

build_extension()
{
    make --no-print-directory -C "$source" -f Makefile.pgxs PG_CONFIG="$pg_config" CHECKED=1 WARNINGS_AS_ERRORS=1 "$@"
}

server()
{
    PG_CONFIG=$pg_config "$root/scripts/servers.sh" postgres "$1" "$state/server"
}

# The suites from here on ask the checked server.
start_server()
{
    local original=$PG_CONFIG
    create_reachable_directory postgres "$state/postgresql"
    copy_postgresql "$original" "$(readlink -f "$state/postgresql")"
    pg_config=$(find "$state/postgresql/" -name pg_config -path '*/bin/*')
    pg_config=$(readlink -f "$pg_config")
    copy_sources
    needs "the checked extension compiles" build_extension -s -j"$jobs" all install || return 1
    needs "a server with it starts" server start || return 1

    PG_CONFIG=$pg_config
    PATH=$(dirname "$pg_config"):$PATH
    PGPORT=$(cat "$state/server/port")
    PGPASSFILE=$state/server/pgpass
    MVM_TEST_PASSWORD=$(sed 's/.*://' "$PGPASSFILE")
    MVM_TEST_POSTGRES_DIR=$state/server
    export PG_CONFIG PATH PGPORT PGPASSFILE MVM_TEST_PASSWORD MVM_TEST_POSTGRES_DIR
}

violations_in_log()
{
    grep -aE 'TRAP: |assertion failed: |Assertion .* failed|runtime error: ' "$state/server/log"
}

# What was violated stands in the log, and the backend that did it is gone.
ends_the_server_process() # FUNCTION ARGUMENT PATTERN
{
    psql -X -q -d postgres -c "CREATE OR REPLACE FUNCTION violate(integer) RETURNS integer LANGUAGE c AS 'mvm', '$1'"
    psql -X -q -d postgres -c 'SELECT violate(0)'
    if psql -X -q -d postgres -c "SELECT violate($2)"; then
        return 1
    fi
    violations_in_log | grep -E "$3"
}

server_is_ready()
{
    psql -X -q -d postgres -c 'SELECT 1'
}

# Nothing that is seen later is proved if violations pass unseen.
every_kind_of_check_works()
{
    local kind
    while read -r kind argument pattern; do
        holds "${kind//_/ } is seen" ends_the_server_process "mvm_$kind" "$argument" "$pattern"
        wait_until 60 server_is_ready >/dev/null 2>&1
    done <<'KINDS'
violate_assertion 1 assertion failed: argument
violate_server_assertion 1 TRAP: FailedAssertion|TRAP: failed Assert
violate_array_bounds 1 Assertion .*failed|runtime error: index
violate_integer_range 1 runtime error: signed integer overflow
KINDS
    psql -X -q -d postgres -c 'DROP FUNCTION violate(integer)'
    server stop
    rm "$(readlink -f "$state/server")/log"
    server start
}

installcheck() # SUITE OTHER=
{
    if build_extension installcheck "$2"; then
        return
    fi
    find "$source/tests/$1" -name regression.diffs -exec cat {} +
    return 1
}

no_violation_in_log()
{
    ! violations_in_log
}

check_extension()
{
    holds "regress passes" installcheck regress ISOLATION=
    holds "isolation passes" installcheck isolation REGRESS=
    holds "tests/dba passes" "$root/tests/dba/run.sh"
    holds "the model's operations end alike" "$root/tests/model/run.sh"
    holds "regress, isolation, tests/dba and the model violate nothing in the extension" no_violation_in_log
}

# ---------------------------------------------------------------------------
# The gateway
# ---------------------------------------------------------------------------

build_gateway() # PART SANITIZERS
{
    local directory=$root/build/checked-$1
    # The documentation pages' files are there once.
    cmake -S "$root" -B "$directory" -G Ninja --log-level=WARNING -DMVM_WARNINGS_AS_ERRORS=ON -DMVM_SANITIZE="$2" \
        -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG='-O1 -g1' -DNPM_DIR="$root/build/gateway/npm" &&
        cmake --build "$directory" --target mvm-gateway mvm_unit_tests mvm_gateway_unit_tests mvm_gateway_cache_tests \
            -- --quiet
}

# Address sanitizers of gcc 12 do not find their way where addresses are randomized as widely as newer kernels do.
with_fixed_addresses()
{
    if setarch --addr-no-randomize true 2>/dev/null; then
        setarch --addr-no-randomize "$@"
    else
        "$@"
    fi
}

# Each prints what the sanitizers are told; a report is a file in $reports.
settings_of()
{
    case "$1" in
        address)
            printf 'export ASAN_OPTIONS=%s\n' "log_path=$reports/address:detect_stack_use_after_return=1"
            printf 'export LSAN_OPTIONS=%s\n' "suppressions=$here/leak-sanitizer.supp:print_suppressions=0"
            printf 'export UBSAN_OPTIONS=%s\n' "log_path=$reports/undefined:print_stacktrace=1"
            ;;
        thread)
            printf 'export TSAN_OPTIONS=%s\n' \
                "log_path=$reports/thread:suppressions=$here/thread-sanitizer.supp:second_deadlock_stack=1"
            ;;
    esac
}

# The tests give the gateway an environment of its own, without the sanitizers' settings.
write_gateway_program()
{
    {
        printf '#!/bin/sh\n'
        settings_of "$1"
        printf 'exec "%s" "$@"\n' "$root/build/checked-$1/gateway/mvm-gateway"
    } >"$work/gateway"
    chmod +x "$work/gateway"
}

# Ends a program that hangs.
run_tests() # PROGRAM
{
    MVM_TEST_GATEWAY=$work/gateway with_fixed_addresses timeout --kill-after=10 900 "$1" --gtest_brief=1
}

nothing_is_reported()
{
    local report
    for report in "$reports"/*; do
        [ -e "$report" ] || return 0
        head -n 100 "$report"
    done
    return 1
}

check_gateway() # PART SANITIZERS
{
    local part=$1 program
    needs "the gateway compiles with $2 sanitizers" build_gateway "$part" "$2" || return 0
    rm -rf "$reports"
    mkdir -p "$reports"
    write_gateway_program "$part"
    eval "$(settings_of "$part")"
    for program in checked-"$part"/tests/{unit/mvm_unit_tests,gateway/mvm_gateway_unit_tests,gateway/mvm_gateway_cache_tests} \
        tests/gateway/{mvm_gateway_tests,mvm_gateway_load_tests}; do
        holds "${program##*/} pass with $2 sanitizers" run_tests "$root/build/$program"
    done
    holds "the $2 sanitizers report nothing" nothing_is_reported
    holds "the tests of the gateway violate nothing in the extension" no_violation_in_log
}

export MVM_LOAD_SECONDS=${MVM_LOAD_SECONDS:-5}
export MVM_MODEL_STEPS=${MVM_MODEL_STEPS:-6000} MVM_MODEL_ORDERS=${MVM_MODEL_ORDERS:-1000}
mkdir -p "$state"
start_server
every_kind_of_check_works
for part in "$@"; do
    say "checked: $part"
    case "$part" in
        extension) check_extension ;;
        address) check_gateway address address,undefined ;;
        thread) check_gateway thread thread ;;
    esac
done
