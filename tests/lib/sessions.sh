# Sessions that stay open beside each other. Sourced after database.sh, not run.
# shellcheck shell=bash

: "${work:?source checks.sh first}"
declare -A session_psql session_input session_backend

# A psql that runs what it is told, until the end of the test.
open_session() # NAME DATABASE
{
    local input=$work/$1.input descriptor
    mkfifo "$input"
    printf 'answered 0\n' >"$work/$1.answers"
    psql -X -q -At -d "$2" <"$input" >>"$work/$1.answers" 2>&1 &
    session_psql[$1]=$!
    exec {descriptor}>"$input"
    session_input[$1]=$descriptor
    printf 0 >"$work/$1.asked"
    session_backend[$1]=$(ask "$1" 'SELECT pg_backend_pid()')
}

# Sends a statement and goes on.
tell() # NAME STATEMENT
{
    local number=$(($(<"$work/$1.asked") + 1))
    printf '%s' "$number" >"$work/$1.asked" # a file: whoever asks may be a subshell
    printf '%s;\n\\echo answered %s\n' "$2" "$number" >&"${session_input[$1]}"
}

# Waits for what the last statement answers, rows or an error, and prints it.
answer_of() # NAME
{
    local number i
    number=$(<"$work/$1.asked")
    for ((i = 0; i < 6000; ++i)); do
        if grep -qx "answered $number" "$work/$1.answers"; then
            sed -n "/^answered $((number - 1))\$/,/^answered $number\$/p" "$work/$1.answers" |
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
    local descriptor=${session_input[$1]}
    exec {descriptor}>&-
    wait "${session_psql[$1]}" || true # also when its backend was terminated
    rm "$work/$1".{input,answers,asked}
}

# Waits until the session sleeps in a lock of that type.
wait_until_blocked() # NAME DATABASE
{
    wait_until_true "$2" "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = ${session_backend[$1]}"
}
