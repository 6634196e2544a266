#!/usr/bin/env bash
# Unique keys of users and items beside what an owner does: indexes rebuilt and added, triggers, plain SQL.
set -euo pipefail
# shellcheck source=tests/lib/checks.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/checks.sh"
# shellcheck source=tests/lib/database.sh
. "$root/tests/lib/database.sh"

market=mvm_dba_platform_keys
fresh_market $market

# The SQLSTATE and the DETAIL of a statement that is refused; nothing when it is not.
refusal_of() # STATEMENT
{
    sql $market -v VERBOSITY=verbose -c "$1" 2>&1 >/dev/null |
        sed -n -E 's/^ERROR: +([0-9A-Z]{5}): .*/\1/p; s/^DETAIL: +//p; s/^CONSTRAINT NAME: +//p' | paste -sd '|' -
}

sql $market -c "SELECT mvm_create_user('ann', 1, 0, 'P-1')" -c "SELECT mvm_list_item(1, 'Pen', 1, 1, NULL, 'SKU')" >/dev/null

sql $market -c 'REINDEX INDEX CONCURRENTLY mvm.user_account_external_id_key' \
    -c 'REINDEX TABLE CONCURRENTLY mvm.item'
is 'a key is found and refused a second time after its index was built anew' '4|MV205|A user has the external_id "P-1".' \
    "$(sql $market -c "SELECT id FROM mvm_find_user(external_id => 'P-1')")|$(refusal_of "SELECT mvm_create_user('bob', 1, 0, 'P-1')")"

is 'plain SQL cannot give a key twice either' \
    '23505|Key (external_id)=(SKU) already exists.|item_external_id_key' \
    "$(refusal_of "UPDATE mvm.item SET external_id = 'SKU' WHERE id = 1")"

sql $market -c 'CREATE UNIQUE INDEX one_name_in_any_case ON mvm.user_account (lower(username))'
is 'a conflict with a unique index of the owner is not told as one of the market' \
    '23505|Key (lower(username))=(ann) already exists.|one_name_in_any_case' \
    "$(refusal_of "SELECT mvm_create_user('ANN', 1)")"
sql $market -c 'DROP INDEX mvm.one_name_in_any_case'

sql $market <<'SQL'
CREATE FUNCTION give_a_taken_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.external_id := 'P-1';
    RETURN NEW;
END $$;
CREATE TRIGGER give_a_taken_key BEFORE INSERT OR UPDATE ON mvm.user_account FOR EACH ROW EXECUTE FUNCTION give_a_taken_key();
SQL
is 'a taken key that a trigger of the owner gives stays an error of PostgreSQL' \
    '23505|Key (external_id)=(P-1) already exists.|user_account_external_id_key' \
    "$(refusal_of "SELECT mvm_create_user('cid', 1)")"
sql $market -c 'DROP TRIGGER give_a_taken_key ON mvm.user_account'

audit_is_clean $market
