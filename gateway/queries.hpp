// Every SQL string that the gateway sends. Bodies are built by PostgreSQL, so
// amounts keep their exact decimals and the gateway passes bytes through.
// Parameters are text; each is cast where it is used.
//
// Operators, functions and types are those of pg_catalog alone (search_path is set on connecting).
// The market's functions mvm_* get their schema when a statement is prepared. Others may be able
// to create functions there, so each call gives every argument, in its very type: no other
// function can then match better.
#pragma once

#include <array>

namespace mvm::gateway::queries {

struct Query {
    const char *name; // of the prepared statement
    const char *sql;
};

// Which database this is, however it was reached: caches of two gateways on
// one database must meet, those of two databases must not. And the schema, quoted,
// of the market's functions; where there is no market, one that says so when a call fails.
inline constexpr const char *database =
    "SELECT s.system_identifier || '.' || d.oid,"
    "  COALESCE((SELECT quote_ident(n.nspname) FROM pg_extension e"
    "   JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'mvm'), 'mvm')"
    " FROM pg_control_system() s, pg_database d"
    " WHERE d.datname = current_database()";

// The body of a row t of mvm.transactions. Fields that few kinds have (the fee, the tariff, the
// reference) are left out where they are null.
#define MVM_TRANSACTION_BODY                                                                       \
    "(SELECT left(row_to_json(r)::text, -1)"                                                       \
    "  || COALESCE(',\"fee\":' || t.fee, '') || COALESCE(',\"tariff\":' || t.tariff, '')"          \
    "  || COALESCE(',\"reference_id\":' || t.reference_id, '') || '}'"                             \
    " FROM (SELECT t.id, t.kind, t.user_id, t.counterparty_id, t.item_id, t.quantity,"             \
    "  t.from_universe_id, t.to_universe_id, t.amount, t.received_amount, t.exchange_rate,"        \
    "  t.from_rate, t.to_rate, t.idempotency_key, t.transaction_time, t.memo) r)"

// The bodies of a trade t, whose id is `id`, and of an exchange e.
#define MVM_TRADE_BODY(id)                                                                         \
    "(SELECT left(row_to_json(r)::text, -1)"                                                       \
    "  || COALESCE(',\"fee\":' || t.fee, '') || COALESCE(',\"tariff\":' || t.tariff, '') || '}'"   \
    " FROM (SELECT " id " AS id, t.buyer_id, t.seller_id, t.item_id, t.amount, t.quantity,"        \
    "  t.from_universe_id, t.to_universe_id, t.transaction_time, t.memo) r)"
#define MVM_EXCHANGE_BODY                                                                          \
    "(SELECT left(row_to_json(r)::text, -1) || COALESCE(',\"fee\":' || e.fee, '') || '}'"          \
    " FROM (SELECT e.converted_amount, e.from_universe_id, e.to_universe_id, e.exchange_rate,"     \
    "  e.amount, e.transaction_id, e.memo) r)"

// The body of a row `u` of mvm.universes.
#define MVM_UNIVERSE_BODY(u)                                                                       \
    "(SELECT row_to_json(r) FROM (SELECT " u ".id, " u ".name, " u ".currency_type,"               \
    "  " u ".exchange_rate, " u ".currency_scale, " u ".trade_open, " u ".exchange_open,"          \
    "  " u ".sale_fee_rate, " u ".exchange_fee_rate, " u ".min_amount, " u ".max_amount,"          \
    "  " u ".max_quantity,"                                                                        \
    "  trim_scale(extract(epoch FROM " u ".max_hold_ttl)) AS max_hold_ttl_seconds,"                \
    "  trim_scale(extract(epoch FROM " u ".max_quote_ttl)) AS max_quote_ttl_seconds,"              \
    "  " u ".max_open_holds, " u ".max_open_quotes) r)"

// The columns of an item in a list, where its metadata would make pages large, and by itself.
#define MVM_LISTED_ITEM(i)                                                                         \
    i "id, " i "name, " i "universe_id, " i "price, " i "stock, " i "seller_id, " i "listed, " i   \
      "external_id"
#define MVM_ITEM(i) MVM_LISTED_ITEM(i) ", " i "metadata"

// The columns of a row u of mvm.users.
#define MVM_USER                                                                                   \
    "u.id, u.username, u.universe_id, u.balance,"                                                  \
    " (SELECT ('[' || COALESCE(string_agg(row_to_json(w)::text, ',' ORDER BY w.universe_id), '')"  \
    "   || ']')::json"                                                                             \
    "  FROM (SELECT h.universe_id, v.currency_type, h.balance"                                     \
    "   FROM mvm.wallets h JOIN mvm.universes v ON v.id = h.universe_id"                           \
    "   WHERE h.user_id = u.id) w) AS wallets,"                                                    \
    " u.external_id, u.metadata"

// The bodies of a row h of mvm.holds and of a row q of mvm.quotes.
#define MVM_HOLD_BODY                                                                              \
    "(SELECT row_to_json(r) FROM (SELECT h.id, h.buyer_id, h.item_id, h.seller_id, h.quantity,"    \
    "  h.captured_quantity, h.amount, h.price, h.from_universe_id, h.to_universe_id,"              \
    "  h.exchange_rate, h.state, h.created_at, h.expires_at) r)"
#define MVM_QUOTE_BODY                                                                             \
    "(SELECT left(row_to_json(r)::text, -1)"                                                       \
    "  || COALESCE(',\"fee\":' || NULLIF(q.fee, 0), '') || '}'"                                    \
    " FROM (SELECT q.id, q.user_id, q.amount, q.converted_amount, q.from_universe_id,"             \
    "  q.to_universe_id, q.exchange_rate, q.state, q.created_at, q.expires_at,"                    \
    "  q.transaction_id) r)"

// -> version
inline constexpr Query version{"version", "SELECT mvm_version()"};

// -> body
inline constexpr Query universes{"universes",
                                 "SELECT '[' || COALESCE(string_agg(" MVM_UNIVERSE_BODY(
                                     "u") "::text, ',' ORDER BY u.id),"
                                          "  '') || ']' FROM mvm.universes u"};

// $1 universe -> body; no row when there is no such universe
inline constexpr Query universe{"universe",
                                "SELECT " MVM_UNIVERSE_BODY("u") " FROM mvm.universes u"
                                                                 " WHERE u.id = $1::integer"};

// $1 universe -> body; no row when there is no such universe
inline constexpr Query routes{
    "routes",
    "SELECT '[' || COALESCE(string_agg(row_to_json(r)::text, ',' ORDER BY r.to_universe_id), '')"
    "  || ']'"
    " FROM (SELECT from_universe_id, to_universe_id, allowed, tariff_rate FROM mvm.routes"
    "  WHERE from_universe_id = $1::integer) r"
    " HAVING EXISTS (SELECT FROM mvm.universes WHERE id = $1::integer)"};

// $1 after item id, $2 rows -> body, last id of the page or null when it is the last page
inline constexpr Query items{
    "items",
    "WITH page AS ("
    " SELECT row_to_json(i)::text AS body, i.id, row_number() OVER (ORDER BY i.id) AS ordinal"
    " FROM (SELECT " MVM_LISTED_ITEM(
        "") " FROM mvm.items"
            "  WHERE id > $1::bigint AND listed ORDER BY id LIMIT $2::integer + 1) i)"
            " SELECT '[' || COALESCE(string_agg(body, ',' ORDER BY id)"
            "   FILTER (WHERE ordinal <= $2::integer), '') || ']',"
            "  CASE WHEN count(*) > $2::integer THEN max(id) FILTER (WHERE ordinal <= $2::integer) "
            "END"
            " FROM page"};

// $1 after item id, $2 rows, $3 universe -> as above; no row when there is no such universe
inline constexpr Query items_of_universe{
    "items_of_universe",
    "WITH page AS ("
    " SELECT row_to_json(i)::text AS body, i.id, row_number() OVER (ORDER BY i.id) AS ordinal"
    " FROM (SELECT " MVM_LISTED_ITEM(
        "") " FROM mvm.items"
            "  WHERE universe_id = $3::integer AND id > $1::bigint AND listed ORDER BY id"
            "  LIMIT $2::integer + 1) i)"
            " SELECT '[' || COALESCE(string_agg(body, ',' ORDER BY id)"
            "   FILTER (WHERE ordinal <= $2::integer), '') || ']',"
            "  CASE WHEN count(*) > $2::integer THEN max(id) FILTER (WHERE ordinal <= $2::integer) "
            "END"
            " FROM page"
            " HAVING EXISTS (SELECT FROM mvm.universes WHERE id = $3::integer)"};

// $1 seller, $2 rows, $3 after item id -> as items, listed or not; no row when there is no such
// user
inline constexpr Query items_of_seller{
    "items_of_seller", "WITH page AS ("
                       " SELECT (SELECT row_to_json(r)::text FROM (SELECT " MVM_LISTED_ITEM(
                           "i.") ") r) AS body,"
                                 "  i.id, row_number() OVER (ORDER BY i.id) AS ordinal"
                                 " FROM mvm_items($1::bigint, $2::integer + 1, $3::bigint) i)"
                                 " SELECT '[' || COALESCE(string_agg(body, ',' ORDER BY id)"
                                 "   FILTER (WHERE ordinal <= $2::integer), '') || ']',"
                                 "  CASE WHEN count(*) > $2::integer THEN max(id) FILTER (WHERE "
                                 "ordinal <= $2::integer) END"
                                 " FROM page"
                                 " HAVING EXISTS (SELECT FROM mvm.users WHERE id = $1::bigint)"};

// $1 item -> body; no row when there is no such item
inline constexpr Query item{
    "item", "SELECT row_to_json(i) FROM (SELECT " MVM_ITEM("") " FROM mvm.items) i"
                                                               " WHERE i.id = $1::bigint"};

// $1 external id -> body: an array of one item, on the market or off it, or of none
inline constexpr Query items_by_external_id{
    "items_by_external_id",
    "SELECT '[' || COALESCE((SELECT row_to_json(i)::text"
    "  FROM (SELECT " MVM_ITEM("") " FROM mvm.items WHERE external_id = $1::text) i), '') || ']'"};

// $1 user -> body; no row when there is no such user
inline constexpr Query user{"user", "SELECT row_to_json(r) FROM (SELECT " MVM_USER
                                    " FROM mvm.users u WHERE u.id = $1::bigint) r"};

// $1 username -> body: an array of one user or of none
inline constexpr Query users_by_username{
    "users_by_username",
    "SELECT '[' || COALESCE((SELECT row_to_json(r)::text FROM (SELECT " MVM_USER
    "  FROM mvm.users u WHERE u.username = $1::text) r), '') || ']'"};

// $1 external id -> as above
inline constexpr Query users_by_external_id{
    "users_by_external_id",
    "SELECT '[' || COALESCE((SELECT row_to_json(r)::text FROM (SELECT " MVM_USER
    "  FROM mvm.users u WHERE u.external_id = $1::text) r), '') || ']'"};

// $1 user, $2 rows, $3 before trade id or null -> body, last id of the page or null when it is
// the last page. MV001 when there is no such user.
inline constexpr Query trades{
    "trades", "WITH page AS ("
              " SELECT " MVM_TRADE_BODY(
                  "t.id") " AS body,"
                          "  t.id, row_number() OVER (ORDER BY t.id DESC) AS ordinal"
                          " FROM mvm_trades($1::bigint, $2::integer + 1, $3::bigint) t)"
                          " SELECT '[' || COALESCE(string_agg(body, ',' ORDER BY id DESC)"
                          "   FILTER (WHERE ordinal <= $2::integer), '') || ']',"
                          "  CASE WHEN count(*) > $2::integer THEN min(id) FILTER (WHERE ordinal "
                          "<= $2::integer) END"
                          " FROM page"};

// $1 transaction -> body; no row when there is no such transaction
inline constexpr Query transaction{"transaction",
                                   "SELECT " MVM_TRANSACTION_BODY
                                   " FROM mvm.transactions t WHERE t.id = $1::bigint"};

// $1 user, $2 rows, $3 before transaction id or null -> body, last id of the page or null when it
// is the last page. MV001 when there is no such user.
inline constexpr Query transactions{
    "transactions", "WITH page AS ("
                    " SELECT " MVM_TRANSACTION_BODY " AS body,"
                    "  t.id, row_number() OVER (ORDER BY t.id DESC) AS ordinal"
                    " FROM mvm_transactions($1::bigint, $2::integer + 1, $3::bigint) t)"
                    " SELECT '[' || COALESCE(string_agg(body, ',' ORDER BY id DESC)"
                    "   FILTER (WHERE ordinal <= $2::integer), '') || ']',"
                    "  CASE WHEN count(*) > $2::integer THEN min(id) FILTER (WHERE ordinal "
                    "<= $2::integer) END"
                    " FROM page"};

// $1 amount, $2 from universe, $3 to universe -> body. `amount` is the one that was converted, in
// its currency's decimals. MV003 and the like as mvm_convert().
inline constexpr Query convert{
    "convert",
    "SELECT (SELECT row_to_json(r) FROM (SELECT round($1::numeric, f.currency_scale) AS amount,"
    "   c.converted_amount, f.id AS from_universe_id, t.id AS to_universe_id,"
    "   trim_scale(t.exchange_rate / f.exchange_rate) AS exchange_rate) r)"
    " FROM mvm_convert($1::numeric, $2::integer, $3::integer, NULL::timestamptz)"
    "  c (converted_amount)"
    " LEFT JOIN mvm.universes f ON f.id = $2::integer"
    " LEFT JOIN mvm.universes t ON t.id = $3::integer"};

// $1 amount, $2 from universe, $3 to universe, $4 time -> body: what the amount was worth then, at
// the rates of then.
inline constexpr Query convert_at{
    "convert_at",
    "SELECT (SELECT row_to_json(r) FROM (SELECT c.converted_amount,"
    "   $2::integer AS from_universe_id, $3::integer AS to_universe_id, $4::timestamptz AS at) r)"
    " FROM mvm_convert($1::numeric, $2::integer, $3::integer, $4::timestamptz)"
    "  c (converted_amount)"};

// $1 user, $2 universe or null, $3 time or null -> body
inline constexpr Query balance{
    "balance", "SELECT (SELECT row_to_json(r) FROM (SELECT $1::bigint AS user_id,"
               "   COALESCE($2::integer, u.universe_id) AS universe_id, b.balance) r)"
               " FROM mvm_balance($1::bigint, $2::integer, $3::timestamptz) b (balance)"
               " LEFT JOIN mvm.users u ON u.id = $1::bigint"};

// $1 user, $2 universe or null, $3 from and $4 to time or null, $5 rows, $6 after transaction id or
// null -> body, last id of the page or null when it is the last page, and what stood for $2 to $4:
// the user's home and the present month. MV001 when there is no such user.
inline constexpr Query statement{
    "statement",
    "WITH span AS (SELECT COALESCE($2::integer,"
    "   (SELECT universe_id FROM mvm.users WHERE id = $1::bigint), 0) AS universe_id,"
    "  COALESCE($3::timestamptz, date_trunc('month', now())) AS from_time,"
    "  COALESCE($4::timestamptz, date_trunc('month', now()) + interval '1 month') AS to_time),"
    " line AS (SELECT row_number() OVER () AS ordinal, p.*, s.*"
    "  FROM span p, mvm_statement($1::bigint, p.universe_id, p.from_time, p.to_time,"
    "   $5::integer, $6::bigint) s)"
    " SELECT '[' || string_agg((SELECT row_to_json(r)::text FROM (SELECT l.transaction_id, l.kind,"
    "    l.counterparty_id, l.item_id, l.quantity, l.amount, l.balance, l.transaction_time,"
    "    l.memo) r),"
    "   ',' ORDER BY l.ordinal) || ']',"
    "  CASE WHEN NOT bool_or(l.kind = 'closing') THEN max(l.transaction_id) END,"
    "  min(l.universe_id),"
    "  to_char(min(l.from_time), 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'),"
    "  to_char(min(l.to_time), 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
    " FROM line l"};

// $1 universe, $2 rows -> body, newest first; no row when there is no such universe. The rate
// before history began has no time since when.
inline constexpr Query rates{
    "rates",
    "SELECT '[' || COALESCE(string_agg(row_to_json(r)::text, ',' ORDER BY r.valid_from DESC NULLS "
    "LAST), '')"
    "  || ']'"
    " FROM (SELECT e.exchange_rate, NULLIF(e.valid_from, '-infinity') AS valid_from, e.valid_to"
    "  FROM mvm.exchange_rates e WHERE e.universe_id = $1::integer"
    "  ORDER BY e.valid_from DESC LIMIT $2::integer) r"
    " HAVING EXISTS (SELECT FROM mvm.universes WHERE id = $1::integer)"};

// $1 milliseconds that statements of this session may take from now on, so that a long one ends
// when nobody waits for it any more.
inline constexpr Query allow_long_statements{
    "allow_long_statements", "SELECT set_config('statement_timeout', $1::text, false),"
                             " set_config('client_connection_check_interval', '1000', false)"};

// $1 rows at most -> body
inline constexpr Query audit{
    "audit",
    "WITH violation AS (SELECT row_to_json(v)::text AS body"
    " FROM (SELECT check_name, subject, expected, actual FROM mvm_audit() LIMIT $1::integer) v)"
    " SELECT '{\"clean\":' || (count(*) = 0)::text || ',\"violations\":['"
    "  || COALESCE(string_agg(body, ','), '') || ']}'"
    " FROM violation"};

// $1 name, $2 currency type, $3 exchange rate, $4 currency scale or null -> body, universe
inline constexpr Query create_universe{
    "create_universe",
    "SELECT " MVM_UNIVERSE_BODY("u") ", u.id"
                                     " FROM mvm_create_universe($1::text, $2::text, $3::numeric, "
                                     "COALESCE($4::integer, 2)) u"};

// $1 universe, $2 exchange rate or null, $3 whether there is a rule, $4 trade open, $5 exchange
// open, $6 sale fee rate, $7 exchange fee rate, $8 smallest and $9 largest amount, $10 largest
// quantity, $11 seconds of a hold and $12 of a quote, $13 open holds and $14 quotes at most; each
// or null -> body, universe. OFFSET 0 as in change_item: the rate first.
inline constexpr Query change_universe{
    "change_universe",
    "SELECT " MVM_UNIVERSE_BODY(
        "(c.u)") ", (c.u).id"
                 " FROM (SELECT CASE WHEN $3::boolean THEN mvm_set_rules($1::integer, $4::boolean, "
                 "$5::boolean,"
                 "    $6::numeric, $7::numeric, $8::numeric, $9::numeric, $10::bigint,"
                 "    $11::integer * interval '1 second', $12::integer * interval '1 second',"
                 "    $13::bigint, $14::bigint)"
                 "   ELSE p.u END AS u"
                 "  FROM (SELECT CASE WHEN $2::numeric IS NOT NULL"
                 "    THEN mvm_set_exchange_rate($1::integer, $2::numeric) END AS u OFFSET 0) p "
                 "OFFSET 0) c"};

// $1 from universe, $2 to universe, $3 allowed or null, $4 tariff rate or null -> body, from
// universe. What is null is what it is when there is no route yet: allowed and free.
inline constexpr Query set_route{
    "set_route", "SELECT row_to_json(r), r.from_universe_id"
                 " FROM mvm_set_route($1::integer, $2::integer, COALESCE($3::boolean, true),"
                 "  COALESCE($4::numeric, 0)) r"};

// $1 username, $2 universe, $3 opening balance, $4 external id, $5 metadata, each of these or null
// -> body, user. The wallet is taken from
// the answer, as a statement does not see the rows that it inserts.
inline constexpr Query create_user{
    "create_user",
    "SELECT (SELECT row_to_json(r) FROM (SELECT u.id, u.username, u.universe_id, u.balance,"
    "   ('[' || COALESCE((SELECT row_to_json(w)::text FROM (SELECT v.id AS universe_id,"
    "     v.currency_type, u.balance FROM mvm.universes v"
    "     WHERE v.id = u.universe_id AND u.balance > 0) w), '') || ']')::json AS wallets,"
    "   u.external_id, u.metadata) r), u.id"
    " FROM mvm_create_user($1::text, $2::integer, COALESCE($3::numeric, 0), $4::text,"
    "  $5::jsonb) u"};

// $1 user, $2 universe, $3 external id, $4 metadata, each or null -> user. OFFSET 0 as in
// change_item: the home first. An external id of no characters and metadata of JSON's null are
// what takes them away.
inline constexpr Query change_user{
    "change_user",
    "SELECT (c.u).id, (c.u).id"
    " FROM (SELECT CASE WHEN $3::text IS NULL AND $4::jsonb IS NULL THEN p.u"
    "   ELSE mvm_set_user_data($1::bigint, $3::text, $4::jsonb) END AS u"
    "  FROM (SELECT CASE WHEN $2::integer IS NOT NULL"
    "    THEN mvm_move_user($1::bigint, $2::integer) END AS u OFFSET 0) p OFFSET 0) c"};

// $1 seller or null, $2 name, $3 price, $4 stock, $5 universe, $6 external id, $7 metadata, each of
// these or null -> body, item, universe of the item
inline constexpr Query list_item{
    "list_item",
    "SELECT (SELECT row_to_json(r) FROM (SELECT " MVM_ITEM(
        "i.") ") r), i.id,"
              "  i.universe_id"
              " FROM mvm_list_item($1::bigint, $2::text, $3::numeric, $4::bigint, $5::integer,"
              "  $6::text, $7::jsonb) i"};

// $1 item, $2 price, $3 listed, $4 external id, $5 metadata, each of these or null, the last two as
// in change_user -> body, item, universe of the item. OFFSET 0 keeps each call where it stands: the
// price first, then the market, and no call twice.
inline constexpr Query change_item{
    "change_item",
    "SELECT (SELECT row_to_json(r) FROM (SELECT " MVM_ITEM(
        "(c.i).") ") r), (c.i).id,"
                  "  (c.i).universe_id"
                  " FROM (SELECT CASE WHEN $4::text IS NULL AND $5::jsonb IS NULL THEN m.i"
                  "   ELSE mvm_set_item_data($1::bigint, $4::text, $5::jsonb) END AS i"
                  "  FROM (SELECT CASE WHEN $3::boolean IS NULL THEN p.i"
                  "    WHEN $3::boolean THEN mvm_relist_item($1::bigint)"
                  "    ELSE mvm_delist_item($1::bigint) END AS i"
                  "   FROM (SELECT CASE WHEN $2::numeric IS NOT NULL"
                  "     THEN mvm_set_price($1::bigint, $2::numeric) END AS i OFFSET 0) p OFFSET 0) "
                  "m"
                  "  OFFSET 0) c"};

// $1 item, $2 quantity, $3 idempotency key or null
// -> body, transaction, seller or null, null, item, universe of the item
inline constexpr Query restock{"restock",
                               "SELECT " MVM_TRANSACTION_BODY ","
                               "  t.id, t.user_id, t.counterparty_id, t.item_id, t.to_universe_id"
                               " FROM mvm_restock($1::bigint, $2::bigint, $3::text) t"};

// $1 sender, $2 receiver, $3 amount, $4 universe, $5 idempotency key, $6 memo, each of these or
// null
// -> body, transaction, sender, receiver, null, universe
inline constexpr Query transfer{
    "transfer", "SELECT " MVM_TRANSACTION_BODY ","
                "  t.id, t.user_id, t.counterparty_id, t.item_id, t.to_universe_id"
                " FROM mvm_transfer($1::bigint, $2::bigint, $3::numeric, $4::integer, $5::text,"
                "  $6::text) t"};

// $1 transaction, $2 quantity or null, $3 idempotency key or null
// -> body, transaction, buyer, seller or null, item, universe of the item
inline constexpr Query refund{"refund",
                              "SELECT " MVM_TRANSACTION_BODY ","
                              "  t.id, t.user_id, t.counterparty_id, t.item_id, t.to_universe_id"
                              " FROM mvm_refund($1::bigint, $2::bigint, $3::text) t"};

// $1 user, $2 amount, $3 universe, $4 idempotency key, $5 memo, each of these or null
// -> body, transaction
inline constexpr Query deposit{
    "deposit", "SELECT " MVM_TRANSACTION_BODY ", t.id"
               " FROM mvm_deposit($1::bigint, $2::numeric, $3::integer, $4::text, $5::text) t"};

// As above.
inline constexpr Query withdraw{
    "withdraw", "SELECT " MVM_TRANSACTION_BODY ", t.id"
                " FROM mvm_withdraw($1::bigint, $2::numeric, $3::integer, $4::text, $5::text) t"};

// $1 user, $2 amount, $3 from universe, $4 to universe, $5 idempotency key or null,
// $6 least converted amount or null, $7 memo or null -> body
inline constexpr Query exchange{
    "exchange", "SELECT " MVM_EXCHANGE_BODY
                " FROM mvm_exchange($1::bigint, $2::numeric, $3::integer, $4::integer, $5::text,"
                "  $6::numeric, $7::text) e"};

// $1 buyer, $2 item, $3 quantity, $4 idempotency key or null, $5 largest amount or null,
// $6 universes of the wallets to pay from or null, $7 memo or null
// -> body, seller or null, universe of the item
inline constexpr Query buy{
    "buy",
    "SELECT " MVM_TRADE_BODY("t.id") ","
                                     "  t.seller_id, t.to_universe_id"
                                     " FROM mvm_buy($1::bigint, $2::bigint, $3::bigint, $4::text,"
                                     "  $5::numeric, $6::integer[], $7::text) t"};

// $1 hold -> body; no row when there is no such hold
inline constexpr Query hold{"hold", "SELECT " MVM_HOLD_BODY " FROM mvm.holds h"
                                    " WHERE h.id = $1::bigint"};

// $1 buyer, $2 item, $3 quantity or null, $4 seconds or null, $5 idempotency key or null
// -> body, hold, buyer, item, universe of the item
inline constexpr Query reserve{
    "reserve", "SELECT " MVM_HOLD_BODY ", h.id, h.buyer_id, h.item_id, h.to_universe_id"
               " FROM mvm_reserve($1::bigint, $2::bigint, COALESCE($3::bigint, 1),"
               "  COALESCE($4::integer * interval '1 second', interval '15 minutes'),"
               "  $5::text) h"};

// $1 hold -> as reserve
inline constexpr Query release{"release", "SELECT " MVM_HOLD_BODY
                                          ", h.id, h.buyer_id, h.item_id, h.to_universe_id"
                                          " FROM mvm_release($1::bigint) h"};

// $1 hold, $2 quantity or null, $3 idempotency key or null
// -> body, buyer, seller or null, item, universe of the item
inline constexpr Query capture{
    "capture",
    "SELECT " MVM_TRADE_BODY("t.id") ","
                                     "  t.buyer_id, t.seller_id, t.item_id, t.to_universe_id"
                                     " FROM mvm_capture($1::bigint, $2::bigint, $3::text) t"};

// $1 holds at most -> how many
inline constexpr Query sweep_holds{"sweep_holds", "SELECT mvm_sweep_holds($1::integer)"};

// $1 quote -> body; no row when there is no such quote
inline constexpr Query quote{"quote", "SELECT " MVM_QUOTE_BODY " FROM mvm.quotes q"
                                      " WHERE q.id = $1::bigint"};

// $1 user, $2 amount, $3 from universe, $4 to universe, $5 seconds or null -> body, quote
inline constexpr Query create_quote{
    "create_quote", "SELECT " MVM_QUOTE_BODY ", q.id"
                    " FROM mvm_quote($1::bigint, $2::numeric, $3::integer, $4::integer,"
                    "  COALESCE($5::integer * interval '1 second', interval '30 seconds')) q"};

// $1 quote -> body, user
inline constexpr Query accept_quote{"accept_quote",
                                    "SELECT " MVM_EXCHANGE_BODY ","
                                    "  (SELECT q.user_id FROM mvm.quotes q WHERE q.id = $1::bigint)"
                                    " FROM mvm_accept_quote($1::bigint) e"};

// The batches below take an array for each argument of the single call and give
// a row per order, in order: outcome, its detail or null, and when the outcome
// is 'ok' the columns of the single call.

// $1 buyers, $2 items, $3 quantities, $4 idempotency keys, $5 largest amounts, $6 memos or null
// -> outcome, detail or null, body, seller or null, universe of the item
inline constexpr Query buy_batch{"buy_batch",
                                 "SELECT t.outcome, t.detail,"
                                 "  CASE t.outcome WHEN 'ok' THEN " MVM_TRADE_BODY(
                                     "t.transaction_id") " END,"
                                                         "  t.seller_id, t.to_universe_id"
                                                         " FROM mvm_buy_batch($1::bigint[], "
                                                         "$2::bigint[], $3::bigint[], $4::text[],"
                                                         "  $5::numeric[], $6::text[]) t"
                                                         " ORDER BY t.ordinal"};

// $1 users, $2 amounts, $3 from universes, $4 to universes, $5 idempotency keys,
// $6 least converted amounts, $7 memos or null
// -> outcome, detail or null, body
inline constexpr Query exchange_batch{
    "exchange_batch",
    "SELECT e.outcome, e.detail,"
    "  CASE e.outcome WHEN 'ok' THEN " MVM_EXCHANGE_BODY " END"
    " FROM mvm_exchange_batch($1::bigint[], $2::numeric[], $3::integer[], $4::integer[],"
    "  $5::text[], $6::numeric[], $7::text[]) e"
    " ORDER BY e.ordinal"};

// What every connection prepares when it opens, so that each call is one round trip. The others are
// prepared when first used: to prepare a statement on a view of the journal waits for whoever has
// locked the journal, and a connection for other calls must not wait for that.
inline constexpr std::array prepared{version,
                                     universes,
                                     universe,
                                     items,
                                     items_of_universe,
                                     item,
                                     user,
                                     trades,
                                     convert,
                                     create_universe,
                                     change_universe,
                                     set_route,
                                     create_user,
                                     list_item,
                                     change_item,
                                     restock,
                                     transfer,
                                     refund,
                                     deposit,
                                     withdraw,
                                     exchange,
                                     buy,
                                     buy_batch,
                                     exchange_batch};

#undef MVM_LISTED_ITEM
#undef MVM_ITEM
#undef MVM_USER
#undef MVM_HOLD_BODY
#undef MVM_QUOTE_BODY
#undef MVM_UNIVERSE_BODY
#undef MVM_TRANSACTION_BODY
#undef MVM_TRADE_BODY
#undef MVM_EXCHANGE_BODY

} // namespace mvm::gateway::queries
