#!/usr/bin/env bash
# What the owner adds to the market's tables, or changes in them: calls obey it as a plain statement does, or are refused with
# an error that names it.
# shellcheck disable=SC2317 # functions are run by holds
set -euo pipefail
# shellcheck source=tests/lib/checks.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/checks.sh"
# shellcheck source=tests/lib/database.sh
. "$root/tests/lib/database.sh"
# shellcheck source=tests/lib/sessions.sh
. "$root/tests/lib/sessions.sh"
export PGOPTIONS='-c client_min_messages=warning'

database=mvm_dba_owner
fresh_market "$database"
fresh_role mvm_dba_half_owner

refuses_call() # SENTENCE PATTERN STATEMENT CALL
{
    refuses "$1" "$2" sql "$database" -v VERBOSITY=verbose -c BEGIN -c "$3" -c "SELECT $4" -c ROLLBACK
}

works() # SENTENCE CALL
{
    holds "$1" sql "$database" -c "SELECT $2"
}

# ---------------------------------------------------------------------------
# Columns of the owner's
# ---------------------------------------------------------------------------

sql "$database" <<'SQL'
CREATE DOMAIN public.region AS text DEFAULT 'north' CHECK (VALUE IN ('north', 'south'));
CREATE SEQUENCE public.invoice;
CREATE TABLE public.branch (id integer PRIMARY KEY);
INSERT INTO public.branch VALUES (1), (2);
ALTER TABLE mvm.journal
    ADD COLUMN gone text,
    ADD COLUMN note text DEFAULT 'by ' || current_user,
    ADD COLUMN invoice bigint DEFAULT nextval('public.invoice') NOT NULL,
    ADD COLUMN number integer GENERATED ALWAYS AS IDENTITY,
    ADD COLUMN region public.region,
    ADD COLUMN unset numeric,
    ADD COLUMN total bigint GENERATED ALWAYS AS (paid_minor * 2) STORED,
    ADD COLUMN branch integer DEFAULT 1 REFERENCES public.branch;
ALTER TABLE mvm.journal DROP COLUMN gone;
ALTER TABLE mvm.wallet
    ADD COLUMN color text DEFAULT 'green',
    ADD COLUMN whole bigint GENERATED ALWAYS AS (balance_minor / 100) STORED,
    ADD COLUMN branch integer DEFAULT 2 REFERENCES public.branch,
    ADD COLUMN region public.region NOT NULL DEFAULT 'south',
    ADD COLUMN a1 int, ADD COLUMN a2 int, ADD COLUMN a3 int, ADD COLUMN a4 int, ADD COLUMN a5 int, ADD COLUMN a6 int, ADD COLUMN a7 int,
    ADD COLUMN a8 int, ADD COLUMN a9 int, ADD COLUMN b1 int, ADD COLUMN b2 int, ADD COLUMN b3 int, ADD COLUMN b4 int, ADD COLUMN b5 text DEFAULT repeat('x', 300);
ALTER TABLE mvm.item ADD COLUMN label text GENERATED ALWAYS AS (name || ' at ' || price_minor) STORED;
ALTER TABLE mvm.idempotency_key ADD COLUMN client inet DEFAULT inet_client_addr();
UPDATE mvm.wallet SET color = 'red', a9 = 9, b4 = user_id;
SQL
works 'a purchase leaves columns of the owner alone' "mvm_buy(1, 1, 1, 'a key')"
works 'and a batch' 'mvm_buy_batch(ARRAY[1, 2, 3], ARRAY[1, 2, 3], ARRAY[1, 1, 2])'
works 'and an exchange that makes a wallet' 'mvm_exchange(1, 10, 1, 2)'
works 'and a hold' 'mvm_capture((mvm_reserve(1, 1)).id)'
works 'and a change of a price' 'mvm_set_price(1, 6)'
answers 'what is there stays as it is' "1|1|red|$(((100000 - 500 * 3 - 1000) / 100))|2|9|1|300
1|2|green|25|2|||300" "$database" \
    'SELECT user_id, universe_id, color, whole, branch, a9, b4, length(b5) FROM mvm.wallet WHERE user_id = 1 ORDER BY universe_id'
answers 'a new row has the defaults of a plain INSERT' t "$database" "SELECT bool_and(note = 'by ' || current_user AND region = 'north' AND unset IS NULL AND total IS NOT DISTINCT FROM paid_minor * 2 AND branch = 1) FROM mvm.journal"
answers 'and numbers of sequences, each once' t "$database" \
    'SELECT count(DISTINCT invoice) = count(*) AND count(DISTINCT number) = count(*) AND count(*) > 7 FROM mvm.journal'
answers 'a generated column follows an update' 'Earth Coffee at 600' "$database" 'SELECT label FROM mvm.item WHERE id = 1'
refuses_call 'a NOT NULL column without a default is told' '23502.*column "must"' \
    'ALTER TABLE mvm.quote ADD COLUMN must int NOT NULL' 'mvm_quote(1, 10, 1, 2)'
refuses_call 'a domain that is NOT NULL is told' '23502.*domain (public\.)?"?full"? does not allow null' \
    'CREATE DOMAIN public.full AS int NOT NULL; ALTER TABLE mvm.quote ADD COLUMN must public.full' 'mvm_quote(1, 10, 1, 2)'
refuses_call 'a CHECK on a column of the owner holds' '23514.*"few"' \
    "ALTER TABLE mvm.journal ADD CONSTRAINT few CHECK (number < 9)" \
    'mvm_buy_batch(array_fill(1::bigint, ARRAY[9]), array_fill(1::bigint, ARRAY[9]), array_fill(1::bigint, ARRAY[9]))'
refuses_call 'a foreign key of the owner holds' '23503.*journal_branch_fkey' \
    'ALTER TABLE mvm.journal ALTER branch SET DEFAULT 7' 'mvm_buy(1, 1)'
refuses_call 'also in a batch' '23503.*journal_branch_fkey' \
    'ALTER TABLE mvm.journal ALTER branch SET DEFAULT 7' 'mvm_buy_batch(ARRAY[1, 1], ARRAY[1, 1], ARRAY[1, 1])'
refuses_call 'and one on what an update changes' '23503.*stock_fkey' \
    "CREATE TABLE public.stock (n bigint PRIMARY KEY); INSERT INTO public.stock SELECT stock FROM mvm.item; ALTER TABLE mvm.item ADD CONSTRAINT stock_fkey FOREIGN KEY (stock) REFERENCES public.stock" \
    'mvm_buy(1, 1)'
refuses_call 'and one that refers to what an update changes' '23503.*seen_version_fkey' \
    "CREATE UNIQUE INDEX by_version ON mvm.item (id, version); CREATE TABLE public.seen (id bigint, version bigint, CONSTRAINT seen_version_fkey FOREIGN KEY (id, version) REFERENCES mvm.item (id, version)); INSERT INTO public.seen SELECT id, version FROM mvm.item" \
    'mvm_buy(1, 1)'
audit_is_clean "$database"
answers 'the owner may drop them again' t "$database" \
    "ALTER TABLE mvm.journal DROP COLUMN note, DROP COLUMN number, DROP COLUMN total; ALTER TABLE mvm.wallet DROP COLUMN color, DROP COLUMN b5; SELECT count(*) = 2 FROM mvm_buy_batch(ARRAY[1, 2], ARRAY[1, 2], ARRAY[1, 1])"
audit_is_clean "$database"

# ---------------------------------------------------------------------------
# Columns of the market's, changed
# ---------------------------------------------------------------------------

refuses_call 'another type is refused, not misread' '55000: table "mvm.wallet" is not as' \
    'ALTER TABLE mvm.wallet ALTER version TYPE numeric' 'mvm_deposit(1, 1)'
refuses_call 'a column that may be null is refused' '55000: table "mvm.item" is not as' \
    'ALTER TABLE mvm.item ALTER name DROP NOT NULL; UPDATE mvm.item SET name = NULL' 'mvm_set_price(1, 7)'
refuses_call 'a column that is gone is refused' '55000: table "mvm.wallet" is not as' \
    'ALTER TABLE mvm.wallet DROP COLUMN version' 'mvm_deposit(1, 1)'
refuses_call 'also where it is only read' '55000: table "mvm.wallet" is not as' \
    'ALTER TABLE mvm.wallet DROP COLUMN version' 'mvm_balance(1)'

# ---------------------------------------------------------------------------
# What the market cannot do
# ---------------------------------------------------------------------------

refuses_call 'a rule is refused' '0A000: the market cannot write to table "mvm.wallet"' \
    'CREATE RULE quiet AS ON UPDATE TO mvm.wallet DO INSTEAD NOTHING' 'mvm_deposit(1, 1)'
refuses_call 'a rule that adds to a statement as well' '0A000: the market cannot write to table "mvm.journal"' \
    'CREATE RULE told AS ON INSERT TO mvm.journal DO ALSO NOTIFY journal' 'mvm_deposit(1, 1)'
holds 'a rule that is disabled does not matter' sql "$database" -c BEGIN \
    -c 'CREATE RULE quiet AS ON UPDATE TO mvm.wallet DO INSTEAD NOTHING' -c 'ALTER TABLE mvm.wallet DISABLE RULE quiet' \
    -c 'SELECT mvm_deposit(1, 1)' -c ROLLBACK
refuses_call 'a table that inherits is refused' '0A000: the market cannot write to table "mvm.wallet"' \
    'CREATE TABLE public.old_wallet () INHERITS (mvm.wallet)' 'mvm_deposit(1, 1)'
holds 'not once it is gone' sql "$database" -c 'CREATE TABLE public.old_wallet () INHERITS (mvm.wallet)' \
    -c 'DROP TABLE public.old_wallet' -c 'SELECT mvm_deposit(1, 1)'
for call in 'mvm_relink_journal()' "mvm_balance(1, 1, 'infinity')" "mvm_statement(1, 1, '-infinity', 'infinity', 10)"; do
    refuses_call "$call refuses a partitioned table" '0A000: the market cannot .* table "mvm.balance_snapshot"' \
        'ALTER TABLE mvm.balance_snapshot RENAME TO plain; ALTER TABLE mvm.plain RENAME CONSTRAINT balance_snapshot_pkey TO plain_pkey; ALTER INDEX mvm.balance_snapshot_taken_at_idx RENAME TO plain_idx;
        CREATE TABLE mvm.balance_snapshot (LIKE mvm.plain INCLUDING ALL) PARTITION BY HASH (user_id); CREATE TABLE mvm.part PARTITION OF mvm.balance_snapshot FOR VALUES WITH (MODULUS 1, REMAINDER 0);
        CREATE INDEX IF NOT EXISTS balance_snapshot_taken_at_idx ON mvm.balance_snapshot (user_id, universe_id, taken_at, before_id)' \
        "$call"
done
refuses_call 'a relink refuses a table that others inherit from' '0A000: the market cannot write to table "mvm.journal"' \
    'CREATE TABLE public.old_journal () INHERITS (mvm.journal)' 'mvm_relink_journal()'
sql "$database" -c 'GRANT USAGE, CREATE ON SCHEMA mvm TO mvm_dba_half_owner' \
    -c 'GRANT EXECUTE ON FUNCTION mvm_relink_journal() TO mvm_dba_half_owner'
for table in wallet balance_snapshot; do
    refuses_call "the journal's owner rewrites no $table of another's" "42501: must be owner of table $table" \
        "ALTER TABLE mvm.journal OWNER TO mvm_dba_half_owner; ALTER TABLE mvm.wallet OWNER TO mvm_dba_half_owner;
        ALTER TABLE mvm.balance_snapshot OWNER TO mvm_dba_half_owner; ALTER TABLE mvm.$table OWNER TO postgres; SET ROLE mvm_dba_half_owner" \
        'mvm_relink_journal()'
done
refuses_call 'a sequence that sessions cache is refused' '55000: sequence "mvm.journal_id_seq" is cached.*' \
    'ALTER SEQUENCE mvm.journal_id_seq CACHE 20' 'mvm_deposit(1, 1)'
refuses_call 'with what to do' 'HINT:  ALTER SEQUENCE mvm.item_id_seq CACHE 1' \
    'ALTER SEQUENCE mvm.item_id_seq CACHE 20' "mvm_list_item(1, 'Tea', 1, 1)"
refuses_call 'one that counts down is refused' '55000: sequence "mvm.journal_id_seq" counts down' \
    'ALTER SEQUENCE mvm.journal_id_seq INCREMENT -1 MINVALUE -100' 'mvm_deposit(1, 1)'
open_session warm "$database"
ask warm 'SELECT mvm_deposit(1, 1)' >"$work/none"
sql "$database" -c 'ALTER SEQUENCE mvm.journal_id_seq CACHE 20'
ask warm 'SELECT mvm_deposit(1, 1)' >"$work/answer"
holds 'also by a session that knew it otherwise' grep 'is cached by sessions' "$work/answer"
sql "$database" -c 'ALTER SEQUENCE mvm.journal_id_seq CACHE 1 INCREMENT 10'
works 'larger steps do not matter' 'mvm_deposit(1, 1)'
sql "$database" -c 'ALTER SEQUENCE mvm.journal_id_seq INCREMENT 1'

# ---------------------------------------------------------------------------
# Publications
# ---------------------------------------------------------------------------

publish='CREATE PUBLICATION everything FOR TABLE mvm.wallet, mvm.item, mvm.journal'
refuses_call 'an update that could not be replicated is refused' '55000: cannot update table "wallet" because it does not have a replica identity' \
    "ALTER TABLE mvm.wallet REPLICA IDENTITY NOTHING; $publish" 'mvm_deposit(1, 1)'
refuses_call 'also in a batch' '55000: cannot update table "item" because it does not have a replica identity' \
    "ALTER TABLE mvm.item REPLICA IDENTITY NOTHING; $publish" 'mvm_buy_batch(ARRAY[1, 1], ARRAY[1, 1], ARRAY[1, 1])'
refuses_call 'and one whose row filter needs more than the identity' '42P10: cannot update table "wallet"' \
    'CREATE PUBLICATION a_few FOR TABLE mvm.wallet WHERE (balance_minor > 10)' 'mvm_deposit(1, 1)'
# Without the generated column: from PostgreSQL 18 on FULL has it, and a publication must then say that it does, too.
holds 'FULL will do' sql "$database" -c BEGIN -c 'ALTER TABLE mvm.wallet DROP COLUMN whole' \
    -c 'ALTER TABLE mvm.wallet REPLICA IDENTITY FULL' -c "$publish" \
    -c 'SELECT mvm_deposit(1, 1)' -c ROLLBACK
holds 'and so does an INSERT without one' sql "$database" -c BEGIN -c 'ALTER TABLE mvm.journal REPLICA IDENTITY NOTHING' \
    -c "$publish" -c 'SELECT mvm_deposit(1, 1)' -c ROLLBACK

# ---------------------------------------------------------------------------
# CHECKs that call functions of the owner's
# ---------------------------------------------------------------------------

sql "$database" <<'SQL'
CREATE FUNCTION public.enough(bigint) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 >= 0';
CREATE FUNCTION public.enough_too(bigint) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RETURN $1 >= 0; END';
CREATE DOMAIN public.stock AS bigint;
ALTER TABLE mvm.item ADD CONSTRAINT enough CHECK (public.enough(stock)), ADD CONSTRAINT enough_too CHECK (public.enough_too(stock)),
    ADD CONSTRAINT in_domain CHECK (stock::public.stock IS NOT NULL), ADD CONSTRAINT whole_row CHECK (item IS NOT NULL OR item IS NULL OR true);
SQL
ask warm 'SELECT mvm_buy(1, 1)' >"$work/answer"
holds 'a CHECK that calls a function lets a purchase pass' bash -c "! grep ERROR '$work/answer'"
replaced() # SENTENCE STATEMENT STATEMENT-THAT-UNDOES-IT CONSTRAINT
{
    sql "$database" -c "$2"
    ask warm 'SELECT mvm_buy(1, 1)' >"$work/answer"
    holds "$1" grep -E "$4" "$work/answer"
    sql "$database" -c "$3"
    ask warm 'SELECT mvm_buy(1, 1)' >"$work/answer"
    holds 'and back' bash -c "! grep ERROR '$work/answer'"
}
function_of='CREATE OR REPLACE FUNCTION public'
replaced 'a function in SQL that is replaced counts at once' \
    "$function_of.enough(bigint) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT \$1 >= 1000'" \
    "$function_of.enough(bigint) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT \$1 >= 0'" '"enough"'
replaced 'one in PL/pgSQL, too' \
    "$function_of.enough_too(bigint) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RETURN \$1 >= 1000; END'" \
    "$function_of.enough_too(bigint) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RETURN \$1 >= 0; END'" '"enough_too"'
replaced 'and a domain that is narrowed' \
    'ALTER DOMAIN public.stock ADD CONSTRAINT narrow CHECK (VALUE > 1000)' 'ALTER DOMAIN public.stock DROP CONSTRAINT narrow' '"narrow"'
sql "$database" -c 'ALTER TABLE mvm.item ADD CONSTRAINT broken CHECK (stock > 1 / 0) NOT VALID'
used='SELECT sum(used_bytes) FROM pg_backend_memory_contexts'
for ((i = 0; i < 60; ++i)); do
    if [ "$i" -eq 10 ]; then
        ask warm "$used" >"$work/used.before"
    fi
    ask warm 'SELECT mvm_buy(1, 1)' >"$work/answer"
done
ask warm "$used" >"$work/used.after"
holds 'a CHECK that cannot even be compiled is told' grep 'division by zero' "$work/answer"
holds 'and 50 of them leave no memory behind' test $(($(<"$work/used.after") - $(<"$work/used.before"))) -lt 20000
sql "$database" -c 'ALTER TABLE mvm.item DROP CONSTRAINT broken'
ask warm 'SELECT mvm_buy(1, 1)' >"$work/answer"
holds 'the session goes on when it is dropped' bash -c "! grep ERROR '$work/answer'"
audit_is_clean "$database"
