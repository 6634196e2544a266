// Holds past their time: released by whoever falls short of what they keep, no more of them
// than are needed, those that expired first before others, and never by waiting. One whose
// row, item or wallet somebody uses is passed over, and so is one that has no room to go
// back to.
#pragma once

#include "market/desk.hpp"
#include "storage/hold.hpp"

namespace mvm::market {

// How many holds on an item or of a wallet one order looks at: what is left is for
// mvm_sweep_holds().
inline constexpr int expired_holds_max = 256;

struct ExpiredHold; // one that the call has met

// What a call knows of such holds, and which it releases at its desk.
struct Expiry {
    Desk &desk;
    TimestampTz now = 0;   // it has met none yet
    HTAB *lists = nullptr; // of each item and wallet
    HTAB *holds = nullptr;
    pg::Array<ExpiredHold *> released{};
};

// Whether any hold past its time keeps pieces of the item.
[[nodiscard]] bool has_expired_on_item(Expiry &expiry, std::int64_t item_id);

// Releases holds until the locked item has `needed` pieces more, or the locked wallet
// `needed_minor`; false, and then none, when those that can be had keep less.
[[nodiscard]] bool release_pieces(Expiry &expiry, int item, std::int64_t needed);
[[nodiscard]] bool release_money(Expiry &expiry, int wallet, std::int64_t needed_minor);

// Releases all that can be had of a locked wallet's; true when there were any.
bool release_all_money(Expiry &expiry, int wallet);

// Releases at most `count` holds of whomever; how many it did.
int release_any(Expiry &expiry, int count);

// Posts the row, releasing holds where the wallet that pays falls short of what is needed.
[[nodiscard]] Obstacle post_releasing(Expiry &expiry, const Posting &posting);

// A point to which releases and all other postings can be taken back.
struct Mark {
    int postings;
    int released;
};
Mark mark_of(const Expiry &expiry);
void take_back(Expiry &expiry, const Mark &mark);

// Writes which holds have ended, once their items and wallets are written.
void write_releases(Expiry &expiry);

// The journal row of a hold that ends: all that it set aside goes back.
storage::JournalRow release_row(const storage::Hold &hold);

} // namespace mvm::market
