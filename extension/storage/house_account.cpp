#include "storage/house_account.hpp"

#include <algorithm>
#include <utility>

#include "domain/journal_kind.hpp"
#include "pg/compat.hpp"
#include "pg/numeric.hpp"
#include "pg/refusal.hpp"

namespace mvm::storage {

namespace {

constexpr int slot_of_takers = 0;

std::int64_t signed_amount(int sign, const std::optional<std::int64_t> &amount_minor)
{
    return sign * amount_minor.value_or(0);
}

Datum sum_of(Datum a, Datum b)
{
    return DirectFunctionCall2(numeric_add, a, b);
}

Key key_of_slot(std::int32_t universe_id, int slot)
{
    return key_of_int4_int4(universe_id, slot);
}

Columns new_slot(std::int32_t universe_id, int slot, Datum treasury_minor, Datum fees_minor)
{
    Columns columns;
    columns.put(house_account_column::universe_id, Int32GetDatum(universe_id));
    columns.put(house_account_column::slot, Int32GetDatum(slot));
    columns.put(house_account_column::treasury_minor, treasury_minor);
    columns.put(house_account_column::fees_minor, fees_minor);
    return columns;
}

// Locks the slot of those who take, waiting for whoever is taking.
HeapTuple lock_takers_slot(Call &call, std::int32_t universe_id)
{
    for (;;) {
        HeapTuple row =
            lock_row(call, TableId::house_account, key_of_slot(universe_id, slot_of_takers));
        if (row != nullptr) {
            return row;
        }
        const Datum zero = pg::numeric_of_minor(0, 0);
        const Columns columns = new_slot(universe_id, slot_of_takers, zero, zero);
        row = insert_row_if_absent(call, TableId::house_account, columns.values, columns.nulls);
        if (row != nullptr) {
            return row;
        }
        // Another transaction made it after our snapshot.
        if (IsolationUsesXactSnapshot()) {
            pg::refuse_stale_snapshot();
        }
        refresh_snapshot(call);
    }
}

// The sum of a universe's slots, as the snapshot sees them.
HouseBalance read_house_balance(Call &call, std::int32_t universe_id)
{
    const Table &table = table_of(call, TableId::house_account);
    IndexScanDesc scan =
        pg::begin_index_scan(table.relation, table.primary_key, GetActiveSnapshot(), 1);
    Key key = key_of_int4(universe_id);
    index_rescan(scan, key.columns, 1, nullptr, 0);
    TupleTableSlot *slot = read_slot(call, TableId::house_account);
    HouseBalance balance = {pg::numeric_of_minor(0, 0), pg::numeric_of_minor(0, 0)};
    while (index_getnext_slot(scan, ForwardScanDirection, slot)) {
        CHECK_FOR_INTERRUPTS();
        const Columns columns = columns_of(table, slot, house_account_column::last);
        balance.treasury_minor =
            sum_of(balance.treasury_minor, columns.value(house_account_column::treasury_minor));
        balance.fees_minor =
            sum_of(balance.fees_minor, columns.value(house_account_column::fees_minor));
    }
    index_endscan(scan);
    return balance;
}

// What all rows of a call move in one universe.
struct NetMovement {
    std::int32_t universe_id;
    pg::WideAmount treasury_minor;
    pg::WideAmount fees_minor;
};

void update_slot(Call &call, HeapTuple row, const NetMovement &net)
{
    const Columns columns = columns_of(call, TableId::house_account, row);
    const ColumnChange changes[] = {
        {house_account_column::treasury_minor,
         sum_of(columns.value(house_account_column::treasury_minor),
                pg::numeric_of_minor(net.treasury_minor, 0))},
        {house_account_column::fees_minor, sum_of(columns.value(house_account_column::fees_minor),
                                                  pg::numeric_of_minor(net.fees_minor, 0))},
    };
    update_row(call, TableId::house_account, row, changes, lengthof(changes));
}

// Adds to a slot of this process's own. Only a prepared transaction can be using it, or another
// process of that place have changed it since the snapshot: then to the next one.
void add_to_own_slot(Call &call, const NetMovement &net)
{
    const int stride = static_cast<int>(ProcGlobal->allProcCount);
    for (int slot = 1 + static_cast<int>(MyProc - ProcGlobal->allProcs);; slot += stride) {
        CHECK_FOR_INTERRUPTS();
        const Key key = key_of_slot(net.universe_id, slot);
        HeapTuple row = nullptr;
        if (try_lock_row(call, TableId::house_account, key, row) == TryLock::locked) {
            update_slot(call, row, net);
            return;
        }
        if (!has_row_of_anyone(call, TableId::house_account, key)) {
            const Columns columns =
                new_slot(net.universe_id, slot, pg::numeric_of_minor(net.treasury_minor, 0),
                         pg::numeric_of_minor(net.fees_minor, 0));
            insert_row(call, TableId::house_account, columns.values, columns.nulls);
            return;
        }
    }
}

// Lets a call touch rows that it, or a trigger of its, has written before.
void write_net_movement(Call &call, const NetMovement &net)
{
    begin_next_command(call);
    if (net.treasury_minor < 0 || net.fees_minor < 0) {
        HeapTuple row = lock_takers_slot(call, net.universe_id);
        advance_command(call);
        update_slot(call, row, net);
    } else {
        add_to_own_slot(call, net);
    }
}

} // namespace

int house_movements_of(const JournalRow &row, HouseMovement (&movements)[2])
{
    const domain::KindInfo &kind = domain::info_of(row.kind);
    HouseMovement to{row.to_universe_id, 0, signed_amount(kind.taken_by_house, row.fee_minor)};
    HouseMovement from{row.from_universe_id,
                       signed_amount(kind.taken_by_house, row.tariff_minor) +
                           signed_amount(kind.paid_by_treasury, row.paid_minor),
                       signed_amount(kind.paid_by_fees, row.paid_minor)};
    if (!row.counterparty_id) {
        to.treasury_minor = signed_amount(kind.received_by_counterparty, row.received_minor);
    }
    if (to.universe_id == from.universe_id) {
        to.treasury_minor += from.treasury_minor; // both are parts of what was paid
        to.fees_minor += from.fees_minor;
        from.treasury_minor = from.fees_minor = 0;
    }
    if (to.universe_id < from.universe_id) {
        std::swap(from, to);
    }
    int count = 0;
    for (const HouseMovement &movement : {from, to}) {
        if (movement.treasury_minor != 0 || movement.fees_minor != 0) {
            movements[count++] = movement;
        }
    }
    return count;
}

bool has_house_accounts()
{
    return has_table(TableId::house_account);
}

HouseBalance lock_house_balance(Call &call, std::int32_t universe_id)
{
    lock_takers_slot(call, universe_id);
    refresh_snapshot(call);
    return read_house_balance(call, universe_id);
}

void note_house_movements(Call &call, const JournalRow &row)
{
    HouseMovement movements[2];
    const int count = house_movements_of(row, movements);
    for (int i = 0; i < count; ++i) {
        call.house_movements.push(movements[i]);
    }
}

void write_house_movements(Call &call)
{
    pg::Array<HouseMovement> &movements = call.house_movements;
    if (movements.count == 0 || !has_house_accounts()) {
        return;
    }
    std::sort(movements.begin(), movements.end(),
              [](const HouseMovement &a, const HouseMovement &b) {
                  return a.universe_id < b.universe_id;
              });
    NetMovement net{movements[0].universe_id, 0, 0};
    for (const HouseMovement &movement : movements) {
        if (movement.universe_id != net.universe_id) {
            write_net_movement(call, net);
            net = {movement.universe_id, 0, 0};
        }
        net.treasury_minor += movement.treasury_minor;
        net.fees_minor += movement.fees_minor;
    }
    write_net_movement(call, net);
    movements.count = 0;
}

} // namespace mvm::storage
