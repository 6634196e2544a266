#!/usr/bin/env bash
# Makes a server's database into a market that a gateway can use; safe to repeat, and keeps what is there.
#
#   scripts/prepare-market.sh DATABASE ROLE        with the role's password in MVM_ROLE_PASSWORD
#
# Creates the database and the extension (or updates it to the installed version) and loads the sample market into an
# empty one. A login role or a market that is new gets the grant of what a gateway calls; later it is the owner who
# chooses what the role may do, by mvm_grant() and mvm_revoke(). PGHOST, PGPORT, PGUSER and PGPASSFILE name the server
# and its superuser.
set -euo pipefail

database=$1
role=$2
: "${MVM_ROLE_PASSWORD:?the password of the role}"

run_sql()
{
    # Nothing is looked up where strangers may create; functions of the market are called in their schema.
    PGOPTIONS='-c search_path=pg_catalog,pg_temp' \
        psql -X -q -A -t -v ON_ERROR_STOP=1 -v database="$database" -v role="$role" "$@"
}

run_sql -d postgres <<'SQL'
SELECT format('CREATE DATABASE %I', :'database')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
SQL

# One transaction, so that no role or market stays without the grant that it gets when it is new. The password goes in
# through the environment, which only this user can read, not through an argument.
run_sql --single-transaction -d "$database" >/dev/null <<'SQL'
\getenv password MVM_ROLE_PASSWORD
SET client_min_messages = warning;
SELECT NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'mvm') AS new_market,
    NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') AS new_role \gset
\if :new_role
    CREATE ROLE :"role" LOGIN;
\endif
ALTER ROLE :"role" PASSWORD :'password';
\if :new_market
    CREATE EXTENSION mvm SCHEMA public;
\else
    ALTER EXTENSION mvm UPDATE;
\endif
SELECT n.nspname AS functions FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'mvm' \gset
SELECT :"functions".mvm_seed()
WHERE NOT EXISTS (SELECT FROM mvm.universe) AND NOT EXISTS (SELECT FROM mvm.journal);
-- In its very types, so that no other function of the name can match better.
SELECT :"functions".mvm_grant(:'role'::name, 'gateway'::text)
WHERE :'new_market'::boolean OR :'new_role'::boolean;
SQL
