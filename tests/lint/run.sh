#!/usr/bin/env bash
# Checks of the sources that need not run them: scripts, layout, common mistakes, layers, links between pages.
#
#   tests/lint/run.sh [PART...]     all by default
#
# clang-tidy needs build/ (./mvm test makes it) and PG_CONFIG.
set -euo pipefail
# shellcheck disable=SC2034 # checks.sh takes them
parts=(shellcheck clang-format clang-tidy layers links)
# shellcheck source=tests/lib/checks.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/checks.sh"
cd "$root"

# Files of the checkout whose names match one of the patterns; not what was built or fetched.
find_sources()
{
    local pattern names=()
    for pattern in "$@"; do
        names+=(-o -path "$pattern")
    done
    find . \( -path ./.git -o -path ./.mvm -o -path ./build -o -name node_modules \) -prune -o \
        -type f \( "${names[@]:1}" \) -print | sort
}

# How each source is compiled: the extension by PGXS, everything else by CMake.
write_compile_commands()
{
    make --no-print-directory --dry-run --always-make -f Makefile.pgxs all |
        sed -n -E '/ -c -o .*\.cpp$/p' |
        jq --raw-input --arg directory "$root" '{$directory, command: ., file: split(" ")[-1]}' |
        jq --slurp --slurpfile others "$root/build/compile_commands.json" \
            '. + ($others[0] | map(select(.file | contains("/extension/") | not)))'
}

check_scripts()
{
    local scripts
    mapfile -t scripts < <(find_sources './mvm' './.ci/run' '*.sh')
    holds "shellcheck finds nothing in ${#scripts[@]} scripts" shellcheck -x "${scripts[@]}"
}

check_layout()
{
    local sources
    mapfile -t sources < <(find_sources '*.cpp' '*.hpp')
    holds "clang-format would change nothing in ${#sources[@]} sources" clang-format --dry-run -Werror "${sources[@]}"
}

# Without the lines that say which file it is at.
clang_tidy()
{
    run-clang-tidy -quiet -j "$(nproc)" -p "$work" -extra-arg=-Wno-unknown-warning-option >"$work/tidy" 2>&1 || {
        grep -v '^clang-tidy' "$work/tidy"
        return 1
    }
}

check_code()
{
    write_compile_commands >"$work/compile_commands.json"
    holds "clang-tidy finds nothing in $(jq length "$work/compile_commands.json") sources" clang_tidy
}

# The layers of the extension: each may include itself and those before it.
layers=(domain pg storage market entry)

upward_includes()
{
    local layer above=("${layers[@]}")
    for layer in "${layers[@]}"; do
        above=("${above[@]:1}")
        [ ${#above[@]} -eq 0 ] || grep -rnE --include='*.?pp' \
            "#include \"($(IFS='|' && echo "${above[*]}"))/[^\"]*\.hpp\"" "extension/$layer" || [ $? -eq 1 ]
    done
}

# What changes a wallet, an item's stock or the journal is called by the desk, and defined in storage.
movements_elsewhere()
{
    grep -rnE --include='*.?pp' \
        '\b(lock_wallet|lock_or_create_wallet|insert_wallet|update_balance|delete_wallet|update_stock|append_journal_rows|append_balance_snapshot)\(' \
        extension |
        grep -vE '^extension/(market/desk(_writing)?\.cpp|storage/(wallet|item|journal|balance_snapshot)\..pp):' || [ $? -eq 1 ]
}

check_layers()
{
    prints_nothing "no layer of the extension includes one above it: ${layers[*]}" upward_includes
    prints_nothing 'nothing but the desk moves money or stock' movements_elsewhere
}

# Where an editor or a forge would make an anchor of a heading: small letters, hyphens, nothing else.
anchors_of() # FILE
{
    # shellcheck disable=SC2016 # the backquotes are those of a block of code
    sed -n -E '/^```/,/^```$/d; s/^#+ //p' "$1" | tr '[:upper:]' '[:lower:]' | sed -E 's/[^a-z0-9 _-]//g; s/ /-/g'
}

# Links from one page of the checkout to another, or to a file; not to other places.
broken_links() # FILE...
{
    local page link target anchor
    for page in "$@"; do
        while read -r link; do
            case "$link" in
                *://* | mailto:*) continue ;;
            esac
            target=${link%%#*}
            target=${target:+$(dirname "$page")/$target}
            target=${target:-$page}
            anchor=${link#"${link%%#*}"}
            if [ ! -e "$target" ]; then
                printf '%s: %s is not there\n' "$page" "$link"
            elif [ -n "$anchor" ] && ! anchors_of "$target" | grep -qxF -- "${anchor#\#}"; then
                printf '%s: %s has no heading %s\n' "$page" "$target" "$anchor"
            fi
        done < <(grep -oE '\]\([^) ]+\)' "$page" | sed -E 's/^\]\(//; s/\)$//')
    done
}

check_links()
{
    local pages
    mapfile -t pages < <(find_sources '*.md')
    prints_nothing "every link in ${#pages[@]} pages leads somewhere" broken_links "${pages[@]}"
}

for part in "$@"; do
    case "$part" in
        shellcheck) check_scripts ;;
        clang-format) check_layout ;;
        clang-tidy) check_code ;;
        layers) check_layers ;;
        links) check_links ;;
    esac
done
