// Rows of mvm.house_account: what the house holds on its accounts treasury and fees.
//
// A balance is the sum of its slots, so that trades never wait for one another: each server
// process adds to a slot of its own. Slot 0 is for what is taken out, by payouts and refunds;
// whoever takes locks it first. A sum that is read under that lock is never more than there is:
// nobody else is taking, and what others are adding only makes it more.
#pragma once

#include "storage/journal.hpp"

namespace mvm::storage {

enum class HouseAccount : std::uint8_t { treasury, fees };

constexpr const char *name_of(HouseAccount account) noexcept
{
    return account == HouseAccount::treasury ? "treasury" : "fees";
}

// What the house holds in one universe, numeric in minor units.
struct HouseBalance {
    Datum treasury_minor;
    Datum fees_minor;

    Datum of(HouseAccount account) const
    {
        return account == HouseAccount::treasury ? treasury_minor : fees_minor;
    }
};

// What a journal row moves on the house's accounts, by universe in the order of ids; returns how
// many there are, none for most rows.
int house_movements_of(const JournalRow &row, HouseMovement (&movements)[2]);

// Whether the market has house accounts: one of an earlier version sums up its ledger instead.
[[nodiscard]] bool has_house_accounts();

// Locks what the house holds in a universe against everybody who takes, until the transaction
// ends, and reads it. Goes on with a fresh snapshot.
HouseBalance lock_house_balance(Call &call, std::int32_t universe_id);

// Notes what the row moves, for write_house_movements.
void note_house_movements(Call &call, const JournalRow &row);

// Writes what was noted, netted by universe. Adding never waits.
void write_house_movements(Call &call);

} // namespace mvm::storage
