#!/usr/bin/env bash
# Installs what is missing of Debian's packages, each listed below with its reason.
#
#   scripts/install-packages.sh PURPOSE...     PURPOSE is build, run, test, database or a package's name
#
# build     what compiles the extension and the gateway
# run       the two servers, as ./mvm up uses them
# test      what only the checks of ./mvm test need
# bench     what ./mvm bench, which ./mvm test tries out, needs besides
# database  the database server of the container image
#
# Does nothing, and needs neither network nor privileges, when nothing is missing. Otherwise it needs root, or sudo.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=scripts/common.sh
. "$here/common.sh"

# The newest PostgreSQL server installed, else the one that this Debian release has; nothing when that is not known
# yet, before apt has read its lists.
postgres_major()
{
    local pg_config
    pg_config=$(find_pg_config)
    if [ -n "$pg_config" ]; then
        "$pg_config" --version | sed -E 's/^PostgreSQL ([0-9]+).*/\1/'
    else
        apt-cache depends postgresql 2>/dev/null | sed -n -E 's/^ *Depends: postgresql-([0-9]+)$/\1/p'
    fi
}

packages_of()
{
    local major
    major=$(postgres_major)
    case "$1" in
        build)
            echo g++                                    # the compiler
            echo make                                   # PostgreSQL builds extensions with make (PGXS)
            echo "postgresql-server-dev-${major:-any}"  # server headers, PGXS, pg_regress, isolation tester
            echo cmake                                  # builds the gateway and the unit tests
            echo ninja-build                            # runs CMake's build
            echo pkg-config                             # tells CMake the libraries' flags
            echo libcpp-httplib-dev                     # HTTP server library
            echo libpqxx-dev                            # PostgreSQL client library
            echo libpq-dev                              # PostgreSQL's C library, for the bench's client
            echo libhiredis-dev                         # Redis client library
            echo nlohmann-json3-dev                     # JSON parser
            echo libgtest-dev                           # GoogleTest: unit and gateway tests
            echo ca-certificates                        # npm downloads over HTTPS
            # Fetches Swagger UI and ReDoc, pinned by a lock file. An npm from elsewhere does as well, and Debian's
            # cannot be installed beside it.
            command -v npm >/dev/null || echo npm
            ;;
        run)
            echo "postgresql-${major:-any}" # the database server
            echo redis-server               # the cache
            echo curl                       # asks the gateway whether it is ready
            ;;
        test)
            echo clang-format # checks the sources' layout
            echo clang-tidy   # finds mistakes that compile
            echo patchelf     # lets programs of another Debian release run here: newer PostgreSQL, for tests/compat
            echo shellcheck   # checks the shell scripts
            echo jq           # reads the gateway's JSON
            echo python3-yaml # reads compose.yml
            ;;
        bench)
            echo wrk # HTTP load generator
            echo jq  # computes the results
            ;;
        database)
            echo "postgresql-${major:-any}"
            ;;
        *)
            echo "$1"
            ;;
    esac
}

is_installed()
{
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing_packages()
{
    local purpose package
    for purpose in "$@"; do
        for package in $(packages_of "$purpose"); do
            is_installed "$package" || printf '%s\n' "$package"
        done
    done | sort -u
}

# Debian's packages start servers of their own: a PostgreSQL cluster on port 5432 and a Redis on 6379. Here only the
# programs are wanted. While these files exist, no cluster is created and no service is started; both go afterwards.
no_cluster=/etc/postgresql-common/createcluster.d/mvm.conf
no_service=/usr/sbin/policy-rc.d

withhold_services()
{
    trap restore_services EXIT
    trap 'exit 130' INT TERM HUP
    mkdir -p "${no_cluster%/*}"
    echo 'create_main_cluster = false' >"$no_cluster"
    # A policy that is there already is the administrator's decision.
    if [ ! -e "$no_service" ]; then
        printf '#!/bin/sh\n# %s: temporary\nexit 101\n' "$no_cluster" >"$no_service"
        chmod 0755 "$no_service"
    fi
}

restore_services()
{
    rm -f "$no_cluster"
    if grep -qF "$no_cluster: temporary" "$no_service" 2>/dev/null; then
        rm -f "$no_service"
    fi
}

install_packages()
{
    local redis_is_new=false
    export DEBIAN_FRONTEND=noninteractive
    export PATH=$PATH:/usr/sbin:/sbin # dpkg needs them, and `su` without a login leaves them out
    local apt=(apt-get -q -y -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=600)
    "${apt[@]}" update
    local packages
    mapfile -t packages < <(missing_packages "$@")
    say "Installing ${packages[*]}"
    case " ${packages[*]} " in
        *" redis-server "*) redis_is_new=true ;;
    esac
    withhold_services
    "${apt[@]}" -o Dpkg::Options::=--force-confold --no-install-recommends install "${packages[@]}"
    # Not at the next boot either.
    if $redis_is_new && command -v systemctl >/dev/null; then
        systemctl disable redis-server.service || true # a machine without a running systemd has nothing to disable
    fi
    restore_services
}

missing=$(missing_packages "$@" | tr '\n' ' ')
if [ -z "$missing" ]; then
    exit 0
fi
command -v apt-get >/dev/null || fail "this is no Debian; install by hand: $missing"
if is_root; then
    install_packages "$@"
elif ! command -v sudo >/dev/null; then
    fail "missing: $missing- and there is no sudo; as root: scripts/install-packages.sh $*"
elif ! sudo -n true 2>/dev/null && [ ! -t 0 ]; then
    fail "missing: $missing- and sudo wants a password; as root: scripts/install-packages.sh $*"
else
    sudo -- "$here/install-packages.sh" "$@"
fi
