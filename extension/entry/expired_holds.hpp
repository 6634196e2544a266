// Holds past their time: released by whoever falls short of what they keep, no more of them
// than are needed, those that expired first before others, and never by waiting. One whose
// row, item or wallet somebody uses is passed over, and so is one that has no room to go
// back to.
#pragma once

#include "entry/locked_rows.hpp"
#include "storage/hold.hpp"

namespace mvm::entry {

// How many holds on an item or of a wallet one order looks at: what is left is for
// mvm_sweep_holds().
inline constexpr int expired_holds_max = 256;

struct ExpiredHold; // one that the call has met

struct ReleasedHold {
    ExpiredHold *hold;
    domain::RunningStock stock_before;
    domain::RunningBalance balance_before;
};

// What a call knows of such holds and which it releases. All zeros to begin with.
struct ExpiredHolds {
    TimestampTz now; // 0: it has met none yet
    HTAB *lists;     // of each item and wallet
    HTAB *holds;
    pg::Array<ReleasedHold> released;
};

// Whether any hold past its time keeps pieces of the item.
[[nodiscard]] bool has_expired_on_item(storage::Call &call, ExpiredHolds &expired,
                                       std::int64_t item_id);

// Releases holds until the locked item has `needed` pieces more, or the locked wallet
// `needed_minor`; false, and then none, when those that can be had keep less.
[[nodiscard]] bool release_pieces(storage::Call &call, LockedRows &rows, ExpiredHolds &expired,
                                  int item, std::int64_t needed);
[[nodiscard]] bool release_money(storage::Call &call, LockedRows &rows, ExpiredHolds &expired,
                                 int wallet, std::int64_t needed_minor);

// Releases all that can be had of a locked wallet's; true when there were any.
bool release_all_money(storage::Call &call, LockedRows &rows, ExpiredHolds &expired, int wallet);

// Releases at most `count` holds of whomever; how many it did.
int release_any(storage::Call &call, LockedRows &rows, ExpiredHolds &expired, int count);

// Takes releases back, all but the first `kept`.
void undo_releases(LockedRows &rows, ExpiredHolds &expired, int kept);

// Puts the journal rows of all releases but the first `kept` into the journal, as the next
// to take effect.
void journal_releases(LockedRows &rows, ExpiredHolds &expired, int kept, PendingJournal &journal);

// Writes which holds have ended, once their items and wallets are written.
void write_releases(storage::Call &call, ExpiredHolds &expired);

// The journal row of a hold that ends: all that it set aside goes back.
storage::JournalRow release_row(const storage::Hold &hold);

} // namespace mvm::entry
