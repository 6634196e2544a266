#!/usr/bin/env bash
# Holds and quotes of a market of 1.1 know no limits; those that are open when it is brought to 1.2 keep their terms.
set -euo pipefail
# shellcheck source=tests/lib/checks.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/checks.sh"
# shellcheck source=tests/lib/database.sh
. "$root/tests/lib/database.sh"

market=mvm_dba_older_options
fresh_database "$market"
sql "$market" -c "CREATE EXTENSION mvm VERSION '1.1'" -c 'SELECT mvm_seed()' >/dev/null

answers 'a market of 1.1 has holds and quotes for a year, and more than 100' '101|366 days|366 days' "$market" "
    SELECT count(mvm_quote(1, 1, 1, 2, '366 days')), (SELECT expires_at - created_at FROM mvm_reserve(1, 2, 3, '366 days')),
        (SELECT expires_at - created_at FROM mvm_reserve(3, 1, 1, '366 days'))
    FROM generate_series(1, 101)"
# What 1.1 set aside for a tariff was rounded half-even: of 1.1 % of 12.00 it was 0.13, and is 0.14 now.
sql "$market" -c "SELECT mvm_set_route(1, 2, tariff_rate => 0.011)" -c "SELECT mvm_reserve(1, 2, 3, '30 days')" >/dev/null
sql "$market" >/dev/null <<'SQL'
BEGIN;
ALTER TABLE mvm.journal DISABLE TRIGGER journal_append_only;
UPDATE mvm.journal SET paid_minor = 1213, received_minor = 1213 WHERE kind = 'h' AND reference_id = 3;
ALTER TABLE mvm.journal ENABLE TRIGGER journal_append_only;
UPDATE mvm.wallet SET balance_minor = balance_minor + (SELECT paid_minor - 1213 FROM mvm.hold WHERE id = 3)
WHERE user_id = 1 AND universe_id = 1;
UPDATE mvm.hold SET paid_minor = 1213 WHERE id = 3;
COMMIT;
SQL
audit_is_clean "$market"

sql "$market" -c "ALTER EXTENSION mvm UPDATE TO '1.2'"
answers 'brought to 1.2, its universes have the limits of new ones' '3|1 day|00:05:00|100|100' "$market" \
    'SELECT count(*), max_hold_ttl, max_quote_ttl, max_open_holds, max_open_quotes FROM mvm.universes GROUP BY 2, 3, 4, 5'
refuses 'the quotes that are open count' 'max_open_quotes of universe 2 is 100, user 1 has 100' \
    sql "$market" -c 'SELECT mvm_quote(1, 1, 1, 2)'
refuses 'a hold for a year is refused now' 'max_hold_ttl of universe 2 is 1 day, ttl is 366 days' \
    sql "$market" -c "SELECT mvm_reserve(1, 2, 1, '366 days')"
answers 'a quote of before is accepted at its terms' '2.50' "$market" 'SELECT converted_amount FROM mvm_accept_quote(1)'
answers 'a hold of before is captured for what it set aside, though its tariff would be rounded up now' '12.13|0.13' "$market" \
    'SELECT amount, tariff FROM mvm_capture(3)'
answers 'and another one in part' '4.00|' "$market" 'SELECT amount, tariff FROM mvm_capture(1, 1)'
audit_is_clean "$market"
