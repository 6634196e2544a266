#!/usr/bin/env bash
# The extension works with PostgreSQL 17 and 18, whatever version this machine has: it compiles, warnings as errors, and
# passes regress, isolation and tests/dba on a server of that version.
#
# The packages come from the release of Debian that carries that version, and are only unpacked, below .mvm/cache, where
# the next run finds them. Their programs need the C library and the other libraries of that release: patchelf writes
# into each program where those lie. So they run as ordinary processes, without a container and without root.
#
#   tests/compat/run.sh [MAJOR...]     17 and 18 unless told
set -euo pipefail
# shellcheck disable=SC2034 # checks.sh takes them
parts=(17 18)
# shellcheck source=tests/lib/checks.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/checks.sh"

# 17 is in the stable release and must be had. 18 is in the one that is in the making: what that holds on a given day is
# not ours to promise, so a day without it is said and no failure.
declare -A release_of=([17]=trixie [18]=forky)
declare -A must_be_had=([17]=yes [18]=no)

clean_up()
{
    local server
    for server in "$root"/.mvm/test/compat-*; do
        if [ -e "$server" ] || [ -L "$server" ]; then
            "$root/scripts/servers.sh" postgres remove "$server"
        fi
    done
}
at_end clean_up

# ---------------------------------------------------------------------------
# The packages
# ---------------------------------------------------------------------------

# The address of the Debian archive that this machine installs from; updates and security have others.
archive()
{
    # shellcheck disable=SC2016 # apt fills these in
    apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Identifier: Packages' |
        awk '$1 !~ /-/ && $2 ~ /\/debian\/?$/ { print $2; exit }'
}

# apt with sources, lists and downloads of its own, no package installed, and the machine's way to the network. It locks
# nothing of the machine's, which only root may.
private_apt()
{
    apt-get -q -y -o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=- -o Dir::State="$work/state" \
        -o Dir::Cache="$work/cache" -o Dir::State::status=/dev/null -o Debug::NoLocking=true \
        -o APT::Sandbox::User="$(id -un)" -o Acquire::Languages=none \
        -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false --no-install-recommends "$@"
}

# The server with every library that it needs, and of what extensions are built with only the headers and makefiles: the
# compiler is this machine's.
download_packages()
{
    local address
    address=$(archive)
    if [ -z "$address" ]; then
        echo "apt's sources name no Debian archive"
        return 1
    fi
    rm -rf "$work/state" "$work/cache"
    mkdir -p "$work/state/lists/partial" "$work/cache/archives/partial"
    printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' "$address" \
        "${release_of[$major]}" >"$work/sources.list"
    private_apt update &&
        private_apt install --download-only "postgresql-$major" &&
        cd "$work/cache/archives" &&
        private_apt download "postgresql-server-dev-$major" libpq-dev
}

unpack_packages()
{
    local package
    if [ -e "$cache" ] || [ -L "$cache" ]; then
        remove_reachable_directory "$cache"
    fi
    create_reachable_directory postgres "$cache"
    for package in "$work"/cache/archives/*.deb; do
        dpkg-deb -x "$package" "$cache/" || return 1
    done
}

# Makes the programs use the libraries in the cache.
bind_programs()
{
    local here loader program
    here=$(readlink -f "$cache")
    loader=$(printf '%s\n' "$here"/usr/lib/*/ld-linux-*.so.*)
    for program in "$here/usr/lib/postgresql/$major"/bin/* "$here/usr/lib/postgresql/$major"/lib/pgxs/src/test/*/*; do
        if patchelf --print-interpreter "$program" >/dev/null 2>&1; then
            patchelf --set-interpreter "$loader" --force-rpath --set-rpath "${loader%/*}" "$program" || return 1
        fi
    done
}

# Takes out the flags of that release's compiler that g++ 12 does not know.
adapt_makefiles()
{
    sed -i -E 's/-fexcess-precision=standard|-Wmissing-variable-declarations//g' \
        "$cache/usr/lib/postgresql/$major/lib/pgxs/src/Makefile.global"
}

# The programs are bound to the place where they lie: elsewhere they have to be unpacked anew.
fetch_packages()
{
    if [ -e "$cache/bound-to" ] && [ "$(cat "$cache/bound-to")" = "$(readlink -f "$cache")" ]; then
        return
    fi
    (download_packages) && unpack_packages && bind_programs && adapt_makefiles &&
        readlink -f "$cache" >"$cache/bound-to"
}

# ---------------------------------------------------------------------------
# The extension
# ---------------------------------------------------------------------------

build()
{
    make --no-print-directory -C "$source" -f Makefile.pgxs PG_CONFIG="$pg_config" WARNINGS_AS_ERRORS=1 "$@"
}

uses_the_headers_of_that_version()
{
    printf '#include <pg_config.h>\nPG_MAJORVERSION_NUM\n' |
        g++ -E -x c++ -I "$("$pg_config" --includedir-server)" - | grep -x "$major"
}

compile()
{
    local folder name objects
    source=$work/source-$major
    mkdir "$source"
    (cd "$root" && tar -c --exclude='*.o' --exclude='*.so' extension sql tests Makefile.pgxs VERSION) | tar -x -C "$source"
    for folder in "$source"/extension/*/; do
        name=$(basename "$folder")
        mapfile -t objects < <(cd "$source" && find "extension/$name" -name '*.cpp' | sed 's/cpp$/o/')
        if [ "${#objects[@]}" -gt 0 ]; then
            needs "extension/$name compiles against PostgreSQL $major" build -j2 "${objects[@]}" || return 1
        fi
    done
    needs "the extension links for PostgreSQL $major" build all install
}

# ---------------------------------------------------------------------------
# A server with it
# ---------------------------------------------------------------------------

installcheck() # SUITE OTHER=
{
    if build installcheck "$2"; then
        return
    fi
    find "$source/tests/$1" -name regression.diffs -exec cat {} +
    return 1
}

server()
{
    PG_CONFIG=$pg_config "$root/scripts/servers.sh" postgres "$1" "$root/.mvm/test/compat-$major"
}

runs_that_version()
{
    psql -X -At -d postgres -c 'SHOW server_version' | grep "^${major}[.]"
}

run_suites()
(
    local directory=$root/.mvm/test/compat-$major
    PATH=$(dirname "$pg_config"):$PATH
    PG_CONFIG=$pg_config
    PGHOST=127.0.0.1
    PGUSER=postgres
    PGPORT=$(cat "$directory/port")
    PGPASSFILE=$directory/pgpass
    MVM_TEST_PASSWORD=$(sed 's/.*://' "$PGPASSFILE")
    MVM_TEST_POSTGRES_DIR=$directory
    export PATH PG_CONFIG PGHOST PGUSER PGPORT PGPASSFILE MVM_TEST_PASSWORD MVM_TEST_POSTGRES_DIR LC_ALL=C.UTF-8
    holds "the server that is asked is PostgreSQL $major" runs_that_version
    holds "regress passes on PostgreSQL $major" installcheck regress ISOLATION=
    holds "isolation passes on PostgreSQL $major" installcheck isolation REGRESS=
    holds "tests/dba passes on PostgreSQL $major" "$root/tests/dba/run.sh"
)

try_version()
{
    local cache=$root/.mvm/cache/postgresql-$major pg_config source
    if [ "${must_be_had[$major]}" = yes ]; then
        needs "the packages of PostgreSQL $major can be had" fetch_packages || return 1
    elif ! fetch_packages >"$work/output" 2>&1; then
        printf '# PostgreSQL %s was not tried: its packages cannot be had today\n' "$major"
        tail -n 5 "$work/output" | sed 's/^/#   /'
        return
    fi
    pg_config=$(readlink -f "$cache")/usr/lib/postgresql/$major/bin/pg_config
    needs "the headers are those of PostgreSQL $major" uses_the_headers_of_that_version || return 1
    compile || return 1
    server remove
    needs "a server of PostgreSQL $major starts" server start || return 1
    run_suites
}

for major in "$@"; do
    try_version || true # its failure is counted
done
