#!/usr/bin/env bash
# Measures the market beside its baselines, on a PostgreSQL and a Redis of its own under .mvm/bench/, and prints a table.
#
#   ./mvm bench                 every row, 20 to 25 minutes
#   ./mvm bench --quick         every row, about three minutes: shorter and fewer rounds, a smaller journal
#   ./mvm bench --smoke         every row in a tiny size, for the tests: one round of a second, on the tests' build. Shows
#                               that the benchmark works, and nothing about speed
#   ./mvm bench --row NAME      only this row; may be repeated. An unknown NAME lists the rows
#   ./mvm bench --json FILE     where the results go, .mvm/bench/results.json unless told (.mvm/test/bench with --smoke)
#   ./mvm bench --universes N   10 unless told; with 1 no purchase converts a currency
#
# A row compares a subject with its baseline: both run in every round, in alternating order, and the ratio is taken within
# the round. Nothing else should run on the machine meanwhile.
set -euo pipefail
export LC_ALL=C.UTF-8
root=$(dirname "$(dirname "$(readlink -f "$0")")")
# shellcheck source=scripts/common.sh
. "$root/scripts/common.sh"

state=$root/.mvm/bench
work=$state/work
programs=$root/build/bench
json=
mode=full
universes=10
gateway_pid=
bare_server_pid=
# shellcheck source=tests/bench/rows.sh
. "$root/tests/bench/rows.sh"

parse_arguments()
{
    while [ $# -gt 0 ]; do
        case "$1" in
            --quick)
                mode=quick
                shift
                continue
                ;;
            --smoke)
                mode=smoke
                # A real benchmark's results stay, and it may run meanwhile.
                state=$root/.mvm/test/bench
                work=$state/work
                programs=$root/build
                shift
                continue
                ;;
            --row) chosen+=("$(known_row "${2:-}")") ;;
            --json) json=$(readlink -m "${2:?--json wants a file}") ;;
            --universes)
                [[ ${2:-} =~ ^[1-9][0-9]?$ ]] || fail "--universes wants a number from 1 to 99, not '${2:-}'"
                universes=$2
                ;;
            *) fail "bench takes --quick, --smoke, --row NAME, --json FILE and --universes N, not '$1'" ;;
        esac
        shift 2
    done
    if [ "${#chosen[@]}" -eq 0 ]; then
        mapfile -t chosen < <(row_names)
    fi
    json=${json:-$state/results.json}
}

build()
{
    "$root/scripts/install-packages.sh" build run bench
    pg_config=$(require_pg_config)
    "$root/scripts/build.sh" extension
    if [ "$mode" = smoke ]; then
        "$root/scripts/build.sh" bench
        return
    fi
    say "Building the gateway and the load generators, optimised"
    cmake -S "$root" -B "$programs" -G Ninja -DCMAKE_BUILD_TYPE=Release -DMVM_WARNINGS_AS_ERRORS=ON \
        --log-level=WARNING >/dev/null
    cmake --build "$programs" --target mvm-gateway mvm-batch-client mvm-bare-server -- --quiet
}

server()
{
    "$root/scripts/servers.sh" "$1" "$2" "$state/$1" 9>&-
}

# As ./mvm up starts them, with room for a large journal and no checkpoint that falls into one round and not the other.
start_servers()
{
    say "Starting PostgreSQL and Redis"
    local kind name
    for kind in postgres redis; do
        server "$kind" remove # what a run that was killed has left
        server "$kind" start
    done
    for name in ${!PG@} ${!DB_@} ${!REDIS_@} ${!APP_@}; do
        unset "$name"
    done
    PG_CONFIG=$pg_config
    PATH=$(dirname "$pg_config"):$PATH
    PGHOST=$(readlink -f "$state/postgres/socket")
    PGPORT=$(cat "$state/postgres/port")
    PGUSER=postgres
    PGPASSFILE=$state/postgres/pgpass
    export PG_CONFIG PATH PGHOST PGPORT PGUSER PGPASSFILE PGDATABASE=postgres
    local setting
    for setting in "shared_buffers = '1GB'" "max_wal_size = '16GB'" "checkpoint_timeout = '1h'"; do
        sql -c "ALTER SYSTEM SET $setting"
    done
    server postgres restart
    PGPORT=$(cat "$state/postgres/port") # another one, where somebody took the last meanwhile
}

# Whatever happened, nothing of the benchmark runs on; logs and results stay.
clean_up()
{
    local kind
    stop_program "$gateway_pid"
    stop_program "$bare_server_pid"
    for kind in postgres redis; do
        cp "$state/$kind/log" "$state/$kind.log" 2>/dev/null || true
        server "$kind" kill || true
        server "$kind" remove || true
    done
}

describe_run()
{
    jq -n \
        --arg date "$(date -u +%FT%TZ)" \
        --arg mode "$mode" \
        --arg commit "$(git -C "$root" describe --always --dirty 2>/dev/null || echo unknown)" \
        --arg processor "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" \
        --argjson cores "$(nproc)" \
        --argjson memory_gib "$(awk '/^MemTotal/ {printf "%.0f", $2 / 1048576}' /proc/meminfo)" \
        --arg system "$(. /etc/os-release && printf '%s, Linux %s' "$PRETTY_NAME" "$(uname -r)")" \
        --arg load "$(cut -d ' ' -f 1 /proc/loadavg)" \
        --argjson rounds "$rounds" --argjson seconds "$seconds" --argjson universes "$universes" \
        --argjson settings "$(sql -c "SELECT json_object_agg(name, current_setting(name)) FROM pg_settings WHERE name IN
            ('server_version', 'fsync', 'synchronous_commit', 'full_page_writes', 'wal_sync_method', 'shared_buffers',
             'max_wal_size', 'checkpoint_timeout', 'data_checksums')")" \
        '$ARGS.named'
}

report()
{
    jq -n -f "$root/tests/bench/report.jq" --slurpfile run "$work/run.json" --slurpfile rounds "$work/rounds.jsonl" \
        --slurpfile rows "$work/rows.jsonl" --slurpfile audits "$work/audits.jsonl" \
        --slurpfile mixed "$work/mixed.jsonl" >"$work/results.json"
    mkdir -p "$(dirname "$json")"
    cp "$work/results.json" "$json"
    printf '\n'
    jq -r -f "$root/tests/bench/table.jq" "$json" | align_table
    printf '\n'
    say "Results: $json"
}

# A Markdown table with columns of one width; other lines pass through.
align_table()
{
    awk -F ' *[|] *' '
        { lines[NR] = $0 }
        /^[|]/ { for (i = 2; i < NF; i++) if (length($i) > width[i]) width[i] = length($i) }
        END {
            for (n = 1; n <= NR; n++) {
                if (lines[n] !~ /^[|]/) { print lines[n]; continue }
                count = split(lines[n], cell, / *[|] */)
                line = "|"
                for (i = 2; i < count; i++) {
                    if (cell[i] ~ /^-+:?$/) {
                        fill = sprintf("%*s", width[i] - (cell[i] ~ /:$/), "")
                        gsub(/ /, "-", fill)
                        line = line " " fill (cell[i] ~ /:$/ ? ":" : "") " |"
                    } else {
                        line = line sprintf(i == 2 || i == 7 ? " %-*s |" : " %*s |", width[i], cell[i])
                    }
                }
                print line
            }
        }'
}

parse_arguments "$@"
set_sizes
mkdir -p "$work"
exec 9>"$state/lock"
flock -n 9 || fail "another ./mvm bench runs in this checkout"
rm -rf "${work:?}"/* "$state"/*.log

build
trap clean_up EXIT
trap 'exit 130' INT TERM HUP
start_servers
describe_run >"$work/run.json"
run_rows
report
