// Holds past their time. An order that is short of stock or money releases the holds that keep it:
// no more than it needs, the one that expired first before the others, and without waiting. A hold
// is passed over if another session uses its row, item or wallet, or if its wallet or item has no
// room for what would go back.
#pragma once

#include "market/desk.hpp"
#include "storage/hold.hpp"

namespace mvm::market {

// How many holds on an item or of a wallet one order looks at. mvm_sweep_holds() releases the rest.
inline constexpr int expired_holds_max = 256;

struct ExpiredHold; // one that the call has read

// What a call knows of such holds, and which of them it releases at its desk.
struct Expiry {
    Desk &desk;
    TimestampTz now = 0;   // of the first look at the clock; 0: none yet
    HTAB *lists = nullptr; // a list of holds for each item and wallet
    HTAB *holds = nullptr; // each hold once
    pg::Array<ExpiredHold *> released{};
};

// Whether any hold past its time keeps pieces of the item.
[[nodiscard]] bool has_expired_on_item(Expiry &expiry, std::int64_t item_id);

// Releases holds until the locked item has `needed` pieces more, or the locked wallet
// `needed_minor`. False if the holds that can be released keep less; then none is released.
[[nodiscard]] bool release_pieces(Expiry &expiry, int item, std::int64_t needed);
[[nodiscard]] bool release_money(Expiry &expiry, int wallet, std::int64_t needed_minor);

// Releases all holds of a locked wallet that can be released; true if there were any.
bool release_all_money(Expiry &expiry, int wallet);

// Releases at most `count` holds of anybody; how many it did.
int release_any(Expiry &expiry, int count);

// Posts the row. If the wallet that pays has too little, releases its holds.
[[nodiscard]] Obstacle post_releasing(Expiry &expiry, const Posting &posting);

// A point to which releases and all other postings can be taken back.
struct Mark {
    int postings;
    int released;
};
Mark mark_of(const Expiry &expiry);
void take_back(Expiry &expiry, const Mark &mark);

// Writes all that was posted at the desk, and which holds have ended.
void write(Expiry &expiry);

// The journal row that ends a hold: all that it had set aside goes back.
storage::JournalRow release_row(const storage::Hold &hold);

} // namespace mvm::market
