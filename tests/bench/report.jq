# Results from what the rounds measured: $run, $rows, $rounds, $audits, $mixed (each an array).
def median: sort | if length % 2 == 1 then .[length / 2 | floor] else (.[length / 2 - 1] + .[length / 2]) / 2 end;
def total(f): map(f) | add;
def per(whole; part): if part > 0 and whole > 0 then whole / part else null end;

# A leg over its rounds: medians, and sums of what is counted.
def summary:
    if length == 0 then null else {
        rate: (map(.rate) | median),
        p50_ms: (map(.p50_ms) | median),
        p95_ms: (map(.p95_ms) | median),
        p99_ms: (map(.p99_ms) | median),
        generator_cpu_share: (map(.generator_cpu_share) | median),
        refused: total(.refused),
        failed: total(.failed),
        journal_bytes_per_trade: per(total(.journal_bytes); total(.done)),
        wal_bytes_per_transaction: per(total(.wal_bytes); total(.done)),
        wal_bytes_per_trade: (if total(.journal_bytes) > 0 then per(total(.wal_bytes); total(.done)) else null end)
    } end;

def leg_rounds($row; $leg): [$rounds[] | select(.leg == $leg and .group == $row.group)] | sort_by(.round);

{
    run: $run[0],
    rows: [
        $rows[] | . as $row
        | leg_rounds($row; $row.subject_leg) as $subject
        | leg_rounds($row; $row.baseline_leg) as $baseline
        | [range($subject | length) | $subject[.].rate / $baseline[.].rate] as $ratios
        | {
            name, subject, baseline,
            measured: (if .name == "mixed" then {rate: ($mixed[0].trades / $mixed[0].seconds)} + $mixed[0]
                else $subject | summary end),
            compared_with: ($baseline | summary),
            ratio: (if $ratios == [] then null
                else {median: ($ratios | median), min: ($ratios | min), max: ($ratios | max)} end)
        }
    ],
    audits: $audits,
    rounds: $rounds
}
