#!/usr/bin/env bash
# The benchmark works, every row of it in a tiny size, on servers of its own. How fast anything was is not judged.
set -euo pipefail
# shellcheck source=tests/lib/checks.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/checks.sh"

state=$root/.mvm/test/bench
results=$work/results.json

bench()
{
    "$root/scripts/bench.sh" --smoke "$@" </dev/null
}

# True when the filter finds nothing in the results; prints what it finds.
nothing_is() # JQ-FILTER
{
    jq -c "$1" "$results" >"$work/found" || return 1
    cat "$work/found"
    [ ! -s "$work/found" ]
}

# The rows that there are, as the error about one that there is not names them.
row_names()
{
    bench --row nonesuch 2>&1 | sed -n "s/.*no such row: 'nonesuch'; there are: //p" | tr ' ' '\n' | sed '/^$/d'
}

has_every_row()
{
    row_names >"$work/rows"
    [ "$(wc -l <"$work/rows")" -gt 1 ] && jq -r '.rows[].name' "$results" | diff "$work/rows" -
}

table_has_every_row()
{
    jq -r '.rows[] | .subject + " | " + .baseline' "$results" >"$work/rows"
    awk -F ' *[|] *' '/^[|]/ && ++line > 2 { print $2 " | " $7 }' "$work/table" | diff "$work/rows" -
}

leaves_no_server()
{
    [ ! -e "$state/postgres" ] && [ ! -e "$state/redis" ]
}

refuses 'a row that there is not is refused, with the names of those that there are' \
    "no such row: 'nonesuch'; there are: buy-insert " bench --row nonesuch
refuses 'an option that there is not is refused, with those that there are' \
    "bench takes --quick, --smoke, --row NAME, --json FILE and --universes N, not '--speed'" bench --speed

needs 'every row is measured' bench --json "$results" || exit 0 # without results there is nothing more to see
cp "$work/output" "$work/table"
holds 'no server is left' leaves_no_server
holds 'the results have every row' has_every_row
holds 'the table has every row' table_has_every_row

# shellcheck disable=SC2016 # these are jq's variables
{
    holds 'every row but `mixed` has rates, percentiles in order and the generator'"'"'s CPU on both sides' nothing_is '
        .rows[] | select(.name != "mixed") | . as $row | (.measured, .compared_with)
        | select((.rate > 0 and .p50_ms > 0 and .p50_ms <= .p95_ms and .p95_ms <= .p99_ms
            and .generator_cpu_share >= 0) | not) | {$row, side: .}'
    holds 'and a ratio: the median between the least and the greatest' nothing_is '
        .rows[] | select(.name != "mixed") | select((.ratio | .min > 0 and .min <= .median and .median <= .max) | not)'
    holds 'with one round the ratio is that of the rates' nothing_is '
        .rows[] | select(.name != "mixed")
        | select((.ratio.median - .measured.rate / .compared_with.rate) | fabs > 1e-9)'
    holds 'every leg ran once in each group that has it' nothing_is '
        .run.rounds as $rounds | .rounds | group_by([.group, .leg])[] | select(length != $rounds)'
    holds 'purchases have the journal'"'"'s bytes a trade, a read writes no journal' nothing_is '
        .rounds[] | select((.journal_bytes > 0) != (.leg | IN("buy", "batch-zipf", "batch-uniform", "batch-hot",
            "batch-even", "buy-one-item", "post-one-item", "post-buy", "buy-large", "buy-small")))'
    holds 'and the WAL'"'"'s' nothing_is '
        .rows[] | select(.name != "mixed") | .measured
        | select((.journal_bytes_per_trade != null) != (.wal_bytes_per_trade != null and .wal_bytes_per_trade > 0))'
    holds 'no call fails, none is refused' nothing_is '.rounds[] | select(.failed != 0 or .refused != 0)'
    holds 'batches and single calls together do what they are told without a failed call and a deadlock' nothing_is '
        [.rows[] | select(.name == "mixed")]
        | select((length == 1 and (.[0].measured | .trades >= 2000 and .rate > 0 and .failed == 0 and .deadlocks == 0)) | not)'
    holds 'both markets are audited, and clean' nothing_is '
        select([.audits[] | select(.violations == 0 and .journal_rows >= 30000) | .database] != ["market", "journal_large"])'
    holds 'the run says when, on what and how it was measured' nothing_is '
        .run | select((.mode == "smoke" and .rounds == 1 and .cores > 0 and (.date | fromdate > 0) and .processor != null
            and .settings.fsync == "on" and .settings.synchronous_commit == "on") | not)'
}
