# The checks of a shell suite: each is a sentence, printed with "ok - " or "not ok - " before it; a failure shows what was
# seen. Sourced, not run.
#
#   set -euo pipefail
#   # shellcheck source=tests/lib/checks.sh
#   . "$(dirname "${BASH_SOURCE[0]}")/../lib/checks.sh"
#   holds 'two and two are four' test $((2 + 2)) -eq 4
#
# A suite whose parts may be chosen names them in parts=(A B) before that; then "$@" holds only those, and --list prints
# them.
#
# A suite needs no last line: when its script ends, however it does, what at_end was told is cleaned up, the checks are
# counted in one line, and the exit code is zero only if the script ran to its end, something was checked and all passed.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=scripts/common.sh
. "$root/scripts/common.sh"

suite=$(readlink -f "$0")
suite=${suite#"$root/tests/"} # dba/indexes_test.sh
suite=${suite%/run.sh}

if [ "${1:-}" = --list ]; then
    [ -z "${parts+set}" ] || printf '%s\n' "${parts[@]}"
    exit
fi
if [ -n "${parts+set}" ]; then
    for part in "$@"; do
        [[ " ${parts[*]} " == *" $part "* ]] || fail "no part of $suite is named $part; there are: ${parts[*]}"
    done
    [ $# -gt 0 ] || set -- "${parts[@]}"
fi

work=$(mktemp -d) # for files of the suite, deleted at the end
broken= # the command that ended the script early
cleaners=()

# Runs a function of the suite at the end, the last one that was told first.
at_end() # FUNCTION
{
    cleaners+=("$1")
}

# The checks are counted in files, so that a subshell's count as well.
passed() # SENTENCE
{
    printf 'ok - %s\n' "$1"
    printf '%s\n' "$1" >>"$work/.passed"
}

not_passed() # SENTENCE FILE-WITH-WHAT-WAS-SEEN
{
    printf 'not ok - %s\n' "$1"
    printf '%s\n' "$1" >>"$work/.failed"
    # Of a suite within this suite what failed in it; else the beginning and the end.
    {
        grep -A 20 -E '^not ok|FAILED' "$2" || {
            head -n 100 "$2"
            tail -n +101 "$2" | tail -n 100
        }
    } | head -n 200 | sed 's/^/#   /'
}

# Like holds, and false where the suite cannot go on: needs 'the server starts' start || return 1
needs() # SENTENCE COMMAND...
{
    local sentence=$1
    shift
    if "$@" >"$work/output" 2>&1; then
        passed "$sentence"
        return
    fi
    [ -s "$work/output" ] || printf 'false: %s\n' "$*" >"$work/output"
    not_passed "$sentence" "$work/output"
    return 1
}

# The command succeeds.
holds() # SENTENCE COMMAND...
{
    needs "$@" || true
}

# True when the command fails and says PATTERN (an extended regular expression).
fails_with() # PATTERN COMMAND...
{
    local pattern=$1 words
    shift
    if words=$("$@" 2>&1); then
        printf 'it succeeds: %s\n' "$*"
        return 1
    fi
    printf '%s\n' "$words"
    grep -qE -- "$pattern" <<<"$words"
}

# The command fails and says PATTERN.
refuses() # SENTENCE PATTERN COMMAND...
{
    local sentence=$1
    shift
    holds "$sentence" fails_with "$@"
}

is() # SENTENCE EXPECTED ACTUAL
{
    if [ "$2" = "$3" ]; then
        passed "$1"
    else
        printf 'expected: %s\nseen:     %s\n' "$2" "$3" >"$work/output"
        not_passed "$1" "$work/output"
    fi
}

# Two files are equal.
same() # SENTENCE EXPECTED-FILE FILE
{
    holds "$1" diff "$2" "$3"
}

# The command, which prints what is wrong, succeeds and prints nothing.
prints_nothing() # SENTENCE COMMAND...
{
    local sentence=$1
    shift
    if "$@" >"$work/output" 2>&1 && [ ! -s "$work/output" ]; then
        passed "$sentence"
    else
        not_passed "$sentence" "$work/output"
    fi
}

count_of() # FILE
{
    if [ -e "$1" ]; then
        wc -l <"$1"
    else
        echo 0
    fi
}

finish_checks()
{
    local status=$? i number_passed number_failed
    trap - ERR
    set +e
    for ((i = ${#cleaners[@]} - 1; i >= 0; --i)); do
        "${cleaners[i]}"
    done
    number_passed=$(count_of "$work/.passed")
    number_failed=$(count_of "$work/.failed")
    if [ "$status" -ne 0 ]; then
        printf 'not ok - %s runs to its end\n#   exit code %s%s\n' "$suite" "$status" "${broken:+, after $broken}"
        number_failed=$((number_failed + 1))
    elif [ "$((number_passed + number_failed))" -eq 0 ]; then
        printf 'not ok - %s checks something\n' "$suite"
        number_failed=1
    fi
    printf '# %s: %s passed, %s failed\n' "$suite" "$number_passed" "$number_failed"
    rm -rf "$work"
    if [ "$status" -eq 0 ] && [ "$number_failed" -gt 0 ]; then
        status=1
    fi
    exit "$status"
}
set -o errtrace
trap 'broken="line $LINENO of ${BASH_SOURCE[0]##*/}: $BASH_COMMAND"' ERR
trap finish_checks EXIT
trap 'exit 130' INT TERM HUP
