# The results as a Markdown table with what must be known to read it.
def thousands: round | tostring | [while(length > 0; .[:-3]) | .[-3:]] | reverse | join(",");
def decimals($count): if . == null then "" else . * pow(10; $count) | round / pow(10; $count) | tostring end;
def percent: if . == null then "" else (. * 1000 | round / 10 | tostring) + " %" end;
def cells: "| " + join(" | ") + " |";

.run as $run
| "\($run.processor), \($run.cores) cores, \($run.memory_gib) GiB; \($run.system); PostgreSQL \($run.settings.server_version)",
  "\($run.date), commit \($run.commit), load at the start \($run.load), \($run.mode) run: \($run.rounds) rounds of \($run.seconds) s, \($run.universes) universes",
  ($run.settings | "fsync \(.fsync), synchronous_commit \(.synchronous_commit), full_page_writes \(.full_page_writes), shared_buffers \(.shared_buffers), max_wal_size \(.max_wal_size), checkpoint_timeout \(.checkpoint_timeout)"),
  "",
  (["row", "per second", "p50 ms", "p95 ms", "p99 ms", "beside", "per second", "ratio (min to max)", "journal bytes a trade", "WAL bytes a trade", "generator's CPU, baseline's"] | cells),
  (["---", "---:", "---:", "---:", "---:", "---", "---:", "---:", "---:", "---:", "---:"] | cells),
  (.rows[] | [
      .subject,
      (.measured.rate | thousands),
      (.measured | .p50_ms, .p95_ms, .p99_ms | decimals(2)),
      .baseline,
      (if .compared_with then .compared_with.rate | thousands else "" end),
      (if .ratio then .ratio | "\(.median | decimals(2)) (\(.min | decimals(2)) to \(.max | decimals(2)))" else "" end),
      (.measured.journal_bytes_per_trade | decimals(0)),
      (.measured.wal_bytes_per_trade | decimals(0)),
      (.measured.generator_cpu_share | percent)
          + (if .compared_with then ", " + (.compared_with.generator_cpu_share | percent) else "" end)
  ] | cells),
  "",
  "Rates and percentiles are medians of the rounds, the ratio is the median of the rounds' ratios; a batch's latency is the",
  "whole batch's. The generator's CPU is its share of all \($run.cores) cores.",
  (.rows[] | select(.name == "mixed") | .measured
      | "Mixed: \(.trades | thousands) trades, \(.deadlocks) deadlocks, \(.failed) failed calls."),
  (.rows[] | select((.measured.refused // 0) + (.measured.failed // 0) > 0) | select(.name != "mixed")
      | "\(.name): \(.measured.refused) refused, \(.measured.failed) failed."),
  (.audits[] | "Audit of \(.database), \(.journal_rows | thousands) journal rows of \(.journal_bytes / .journal_rows | round) bytes with their indexes: \(.violations) violations.")
