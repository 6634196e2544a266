# Sessions that stay open beside each other, for the subjects of tests/dba. Sourced after lib.sh, not run.
# shellcheck shell=bash

declare -A session_input session_questions session_backend

# A psql that runs what it is told, until the end of the test.
open_session() # NAME DATABASE
{
    local input=$work/$1.input
    mkfifo "$input"
    printf 'answered 0\n' >"$work/$1.answers"
    psql -X -q -At -d "$2" <"$input" >>"$work/$1.answers" 2>&1 &
    exec {session_input[$1]}>"$input"
    session_questions[$1]=0
    session_backend[$1]=$(ask "$1" 'SELECT pg_backend_pid()')
}

# Sends a statement and goes on.
tell() # NAME STATEMENT
{
    session_questions[$1]=$((session_questions[$1] + 1))
    printf '%s;\n\\echo answered %s\n' "$2" "${session_questions[$1]}" >&"${session_input[$1]}"
}

# Waits for what the last statement answers, rows or an error, and prints it.
answer_of() # NAME
{
    local question=${session_questions[$1]}
    local i
    for ((i = 0; i < 6000; ++i)); do
        if grep -qx "answered $question" "$work/$1.answers"; then
            sed -n "/^answered $((question - 1))\$/,/^answered $question\$/p" "$work/$1.answers" |
                grep -v '^answered [0-9]*$' || true
            return 0
        fi
        sleep 0.01
    done
    printf 'no answer within a minute\n'
    return 1
}

ask() # NAME STATEMENT
{
    tell "$@"
    answer_of "$1"
}

close_session() # NAME
{
    exec {session_input[$1]}>&-
    unset "session_input[$1]"
}

# Waits until the query answers t.
wait_until() # DATABASE QUERY
{
    local i
    for ((i = 0; i < 1200; ++i)); do
        if [ "$(sql "$1" -c "$2")" = t ]; then
            return 0
        fi
        sleep 0.05
    done
    printf 'not within a minute: %s\n' "$2"
    return 1
}

# Waits until the session sleeps in a lock of that type.
wait_until_blocked() # NAME DATABASE
{
    wait_until "$2" "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = ${session_backend[$1]}"
}
