// mvm_seed: the sample market.
#include "entry/item.hpp"
#include "entry/universe.hpp"
#include "entry/user.hpp"
#include "pg/guard.hpp"
#include "pg/refusal.hpp"

namespace mvm::entry {

namespace {

Datum numeric_of(const char *text)
{
    return DirectFunctionCall3(numeric_in, CStringGetDatum(text), ObjectIdGetDatum(InvalidOid),
                               Int32GetDatum(-1));
}

struct SampleUniverse {
    const char *name;
    const char *currency_type;
    const char *exchange_rate;
    const char *username;
    const char *balance;
    const char *item;
    const char *price;
    std::int64_t stock;
};

constexpr SampleUniverse sample_universes[] = {
    {"Earth", "USD", "1", "john_earth", "1000", "Earth Coffee", "5", 100},
    {"Mars", "MRC", "2.5", "mary_mars", "2500", "Mars Rocks", "10", 50},
    {"Venus", "VNC", "0.75", "venus_trader", "750", "Venus Crystals", "15", 25},
};

void require_empty_market(storage::Call &call)
{
    constexpr storage::TableId tables[] = {
        storage::TableId::universe, storage::TableId::user_account, storage::TableId::item,
        storage::TableId::journal, storage::TableId::balance_snapshot};
    for (const storage::TableId table : tables) {
        if (storage::has_table(table) && storage::has_rows(call, table)) {
            pg::raise(domain::ErrorCode::already_exists,
                      psprintf("%s.%s has rows; the sample market needs an empty one.",
                               storage::schema_name,
                               storage::table_shapes[static_cast<int>(table)].name));
        }
    }
}

// Lets ids begin at 1, also if calls that were rolled back have drawn some.
void restart_sequences()
{
    for (const char *name :
         {"universe_id_seq", "user_account_id_seq", "item_id_seq", "journal_id_seq"}) {
        DirectFunctionCall3(setval3_oid, ObjectIdGetDatum(storage::relation_oid(name)),
                            Int64GetDatum(1), BoolGetDatum(false));
    }
}

Datum seed_function(FunctionCallInfo)
{
    storage::Call call;
    storage::begin_write(call, "mvm_seed()");
    // Until this transaction ends, no other can seed the market or create a universe.
    LockRelationOid(storage::relation_oid("universe"), ShareRowExclusiveLock);
    storage::refresh_snapshot(call);
    require_empty_market(call);
    restart_sequences();
    for (const SampleUniverse &sample : sample_universes) {
        create_universe(call, CStringGetTextDatum(sample.name),
                        CStringGetTextDatum(sample.currency_type), numeric_of(sample.exchange_rate),
                        2);
    }
    storage::end_call(call);

    storage::begin_write(call, "mvm_seed()"); // now the universes are visible
    std::int32_t universe_id = 0;
    for (const SampleUniverse &sample : sample_universes) {
        ++universe_id;
        create_user(call, CStringGetTextDatum(sample.username), universe_id,
                    numeric_of(sample.balance), {});
        list_item(call, std::nullopt, CStringGetTextDatum(sample.item), numeric_of(sample.price),
                  sample.stock, universe_id, {});
    }
    storage::end_call(call);
    return Datum{0};
}

} // namespace

} // namespace mvm::entry

MVM_SQL_FUNCTION(mvm_seed, mvm::entry::seed_function)
