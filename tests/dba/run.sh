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
if [ $# -eq 0 ]; then
    set -- "$here"/*_test.sh
fi
for subject in "$@"; do
    subject=${subject##*/}
    subject=${subject%_test.sh}
    bash "$here/${subject}_test.sh" || status=1
done
exit "$status"
