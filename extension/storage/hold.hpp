// Rows of mvm.hold: stock and money set aside for a purchase at frozen terms.
#pragma once

#include <optional>

#include "pg/array.hpp"
#include "storage/item.hpp"
#include "storage/wallet.hpp"

namespace mvm::storage {

enum class HoldState : char {
    active = 'a',
    captured = 'c',
    released = 'r',
    expired = 'e', // released because its time was over
};

constexpr const char *name_of(HoldState state) noexcept
{
    switch (state) {
    case HoldState::active:
        return "active";
    case HoldState::captured:
        return "captured";
    case HoldState::released:
        return "released";
    case HoldState::expired:
        return "expired";
    }
    return "unknown";
}

struct Hold {
    std::int64_t id;
    std::int64_t buyer_id;
    std::int64_t item_id;
    std::optional<std::int64_t> seller_id; // none: the treasury of to_universe_id
    std::int64_t quantity;
    std::int64_t captured_quantity;
    std::int64_t price_minor; // of one piece, in to_universe_id's currency
    std::int64_t paid_minor;  // set aside, in from_universe_id's currency
    TimestampTz created_at;
    TimestampTz expires_at;
    std::int32_t from_universe_id; // of the buyer's wallet
    std::int32_t to_universe_id;   // of the item
    HoldState state;
    Datum from_rate;                    // numeric
    Datum to_rate;                      // numeric
    std::optional<Datum> sale_fee_rate; // numeric
    std::optional<Datum> tariff_rate;   // numeric
    HeapTuple row;
};

// Inserts a hold under its new id.
void insert_hold(Call &call, const Hold &hold);

// How many open holds on a universe's items the buyer has at `now`, at most `count_max`: of those
// that are committed by now, whatever the call's snapshot sees, and of the transaction's own.
std::int64_t open_holds(Call &call, std::int64_t buyer_id, std::int32_t to_universe_id,
                        TimestampTz now, std::int64_t count_max);

// The hold as the call's snapshot sees it.
[[nodiscard]] bool find_hold(Call &call, std::int64_t id, Hold &hold);

// Finds and locks; see lock_row.
[[nodiscard]] bool lock_hold(Call &call, std::int64_t id, Hold &hold);

// The same without waiting; see try_lock_row.
[[nodiscard]] TryLock try_lock_hold(Call &call, std::int64_t id, Hold &hold);

// Writes how a locked hold ended.
void close_hold(Call &call, Hold &hold, HoldState state, std::int64_t captured_quantity);

// What an active hold keeps.
struct KeptByHold {
    std::int64_t id;
    std::int64_t item_id;
    WalletKey wallet;
    std::int64_t quantity;
    std::int64_t paid_minor;
    TimestampTz expires_at;
};

// The first `count_max` active holds past their time, in the order in which they expired and
// of their ids: on an item, of a wallet, or all. `holds` is emptied first.
void find_expired_on_item(Call &call, std::int64_t item_id, TimestampTz now, int count_max,
                          pg::Array<KeptByHold> &holds);
void find_expired_of_wallet(Call &call, const WalletKey &wallet, TimestampTz now, int count_max,
                            pg::Array<KeptByHold> &holds);
void find_expired(Call &call, TimestampTz now, int count_max, pg::Array<KeptByHold> &holds);

// Balance and stock as people are shown them: with what holds past their time still
// keep, as far as there is room for it.
std::int64_t balance_with_expired(Call &call, const Wallet &wallet);
std::int64_t stock_with_expired(Call &call, const Item &item);

// The stock with all pieces that holds keep of a locked item, as far as there is room.
std::int64_t stock_with_held(Call &call, const Item &item);

} // namespace mvm::storage
