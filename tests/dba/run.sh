#!/usr/bin/env bash
# Behaves as a DBA, an owner and a stranger do, and sees that the market keeps every promise of PostgreSQL: a file per
# subject, tests/dba/*_test.sh, each on databases of its own.
#
#   tests/dba/run.sh [SUBJECT...]     all, or only those subjects: tests/dba/run.sh indexes
#
# PGHOST, PGPORT, PGUSER and PGPASSFILE name a superuser on a server with the extension installed.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
status=0
subjects=$(basename -a -s _test.sh "$here"/*_test.sh)
if [ "${1:-}" = --list ]; then
    printf '%s\n' "$subjects"
    exit
fi
for subject in "$@"; do
    if ! grep -qxF -- "$subject" <<<"$subjects"; then
        printf 'no subject of dba is named %s; there are: %s\n' "$subject" "${subjects//$'\n'/ }" >&2
        exit 2
    fi
done
if [ $# -eq 0 ]; then
    mapfile -t all <<<"$subjects"
    set -- "${all[@]}"
fi
for subject in "$@"; do
    bash "$here/${subject}_test.sh" || status=1
done
exit "$status"
