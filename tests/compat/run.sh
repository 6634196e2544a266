#!/usr/bin/env bash
# The extension builds against PostgreSQL 17, whatever version this machine has: with the headers, makefiles and flags
# of the release of Debian that carries it, warnings as errors. Nothing is installed; the packages are unpacked below
# .mvm/cache, where the next run finds them.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=scripts/common.sh
. "$root/scripts/common.sh"

major=17
release=trixie
# Since 17 the makefiles for extensions are in the client's package.
packages=("postgresql-server-dev-$major" "postgresql-client-$major" libpq-dev)
cache=$root/.mvm/cache/postgresql-$major
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

check() # SENTENCE COMMAND...
{
    local sentence=$1
    shift
    if "$@" >"$work/output" 2>&1; then
        printf 'ok - %s\n' "$sentence"
    else
        printf 'not ok - %s\n' "$sentence"
        tail -n 40 "$work/output" | sed 's/^/#   /'
        failures=$((failures + 1))
    fi
}

# The address of the Debian archive that this machine installs from; updates and security have others.
archive()
{
    # shellcheck disable=SC2016 # apt fills these in
    apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Identifier: Packages' |
        awk '$1 !~ /-/ && $2 ~ /\/debian\/?$/ { print $2; exit }'
}

# apt with sources, lists and downloads of its own, and the machine's way to the network.
private_apt()
{
    apt-get -q -o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=- -o Dir::State="$work/state" \
        -o Dir::Cache="$work/cache" -o Dir::State::status=/dev/null -o APT::Sandbox::User="$(id -un)" \
        -o Acquire::Languages=none -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false "$@"
}

fetch_packages()
{
    local address package
    if [ -e "$cache/complete" ]; then
        return
    fi
    address=$(archive)
    if [ -z "$address" ]; then
        echo "apt's sources name no Debian archive"
        return 1
    fi
    mkdir -p "$work/state/lists/partial" "$work/cache/archives/partial" "$work/packages"
    printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' "$address" "$release" \
        >"$work/sources.list"
    private_apt update || return 1
    (cd "$work/packages" && private_apt download "${packages[@]}") || return 1
    rm -rf "$cache"
    mkdir -p "$cache"
    for package in "$work"/packages/*.deb; do
        dpkg-deb -x "$package" "$cache" || return 1
    done
    # A flag of that release's compiler that g++ knows for C++ since 13 only.
    sed -i 's/-fexcess-precision=standard//' \
        "$cache/usr/lib/postgresql/$major/lib/pgxs/src/Makefile.global" || return 1
    touch "$cache/complete"
}

# What pg_config of that version would answer, were it installed in the cache.
write_pg_config()
{
    cat >"$work/pg_config" <<CONFIG
#!/bin/sh
case "\$1" in
    --version) echo 'PostgreSQL $major' ;;
    --pgxs) echo '$cache/usr/lib/postgresql/$major/lib/pgxs/src/makefiles/pgxs.mk' ;;
    --includedir-server) echo '$cache/usr/include/postgresql/$major/server' ;;
    --includedir | --pkgincludedir) echo '$cache/usr/include/postgresql' ;;
    --bindir) echo '$cache/usr/lib/postgresql/$major/bin' ;;
    --libdir | --pkglibdir) echo '$cache/usr/lib/postgresql/$major/lib' ;;
    --sharedir) echo '$cache/usr/share/postgresql/$major' ;;
esac
CONFIG
    chmod +x "$work/pg_config"
}

build()
{
    make --no-print-directory -C "$work/source" -f Makefile.pgxs PG_CONFIG="$work/pg_config" WARNINGS_AS_ERRORS=1 "$@"
}

uses_the_headers_of_that_version()
{
    printf '#include <pg_config.h>\nPG_MAJORVERSION_NUM\n' |
        g++ -E -x c++ -I "$("$work/pg_config" --includedir-server)" - | grep -x "$major"
}

check "the packages of PostgreSQL $major can be had" fetch_packages
write_pg_config
check "the headers are those of PostgreSQL $major" uses_the_headers_of_that_version
mkdir "$work/source"
cp -R "$root/extension" "$root/sql" "$root/Makefile.pgxs" "$root/tests" "$work/source/"
find "$work/source" -name '*.o' -delete
for folder in "$work"/source/extension/*/; do
    name=$(basename "$folder")
    mapfile -t objects < <(cd "$work/source" && printf '%s\n' extension/"$name"/*.cpp | sed 's/cpp$/o/')
    check "extension/$name compiles against PostgreSQL $major" build "${objects[@]}"
done
check "the extension links for PostgreSQL $major" build all

[ "$failures" -eq 0 ]
