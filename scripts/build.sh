#!/usr/bin/env bash
# Builds with warnings as errors: the extension in place, the rest in build/.
#
#   scripts/build.sh extension    the extension, and installs it into PostgreSQL when it is not the one installed
#   scripts/build.sh gateway      build/gateway/mvm-gateway
#   scripts/build.sh bench        the gateway and the load generators of ./mvm bench --smoke
#   scripts/build.sh tests        the gateway and every test program
#   scripts/build.sh stage DIR    both products as a container image wants them: DIR/database and DIR/gateway hold the
#                                 files to add to its root, DIR/gateway-packages the Debian packages the gateway needs
#
# Prints little; a failing build shows the compiler's words.
set -euo pipefail
root=$(dirname "$(dirname "$(readlink -f "$0")")")
# shellcheck source=scripts/common.sh
. "$root/scripts/common.sh"

pgxs()
{
    make --no-print-directory -C "$root" -f Makefile.pgxs PG_CONFIG="$pg_config" WARNINGS_AS_ERRORS=1 "$@"
}

# True when PostgreSQL's directories hold exactly what was built.
extension_is_installed()
{
    local file library share
    library=$("$pg_config" --pkglibdir)
    share=$("$pg_config" --sharedir)/extension
    cmp -s "$root/mvm.so" "$library/mvm.so" || return 1
    for file in $(pgxs -s list-scripts); do
        cmp -s "$root/$file" "$share/${file##*/}" || return 1
    done
}

build_extension()
{
    say "Building the extension"
    pgxs -s -j"$(nproc)" all
    if extension_is_installed; then
        return
    fi
    say "Installing the extension into $("$pg_config" --pkglibdir)"
    if [ -w "$("$pg_config" --pkglibdir)" ]; then
        pgxs -s install
    elif command -v sudo >/dev/null; then
        sudo make --no-print-directory -C "$root" -f Makefile.pgxs PG_CONFIG="$pg_config" WARNINGS_AS_ERRORS=1 -s install
    else
        fail "installing the extension needs root or sudo; as root: make -C $root -f Makefile.pgxs install"
    fi
}

stage()
{
    local directory=$1
    pgxs -s -j"$(nproc)" all
    pgxs -s install DESTDIR="$directory/database"
    build_with_cmake mvm-gateway
    install -D -s "$root/build/gateway/mvm-gateway" "$directory/gateway/usr/local/bin/mvm-gateway"
    packages_of_libraries "$directory/gateway/usr/local/bin/mvm-gateway" >"$directory/gateway-packages"
}

# The packages that own the shared libraries a program is linked with.
packages_of_libraries()
{
    local library
    for library in $(ldd "$1" | sed -n -E 's/.*=> (\/[^ ]+).*/\1/p'); do
        library=$(readlink -f "$library")
        # dpkg may know a file by the path it had before /lib became a link to /usr/lib.
        dpkg-query -S "$library" 2>/dev/null || dpkg-query -S "${library#/usr}"
    done | sed 's/:.*//' | sort -u
}

build_with_cmake()
{
    local fresh=()
    # A build directory made for a checkout at another path cannot be used.
    if ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$root/build/CMakeCache.txt" 2>/dev/null; then
        fresh=(--fresh)
    fi
    say "Building $*"
    cmake "${fresh[@]}" -S "$root" -B "$root/build" -G Ninja -DMVM_WARNINGS_AS_ERRORS=ON --log-level=WARNING >/dev/null # its errors are on stderr
    cmake --build "$root/build" --target "$@" -- --quiet
}

pg_config=$(require_pg_config)
case "${1:-}" in
    extension) build_extension ;;
    gateway) build_with_cmake mvm-gateway ;;
    bench) build_with_cmake mvm-gateway mvm-batch-client mvm-bare-server ;;
    tests) build_with_cmake all ;;
    stage) stage "${2:?the directory to stage into}" ;;
    *) fail "usage: build.sh extension|gateway|bench|tests|stage DIR" ;;
esac
