// Whose wallet, in which currency: the key of mvm.wallet.
#pragma once

#include <compare>
#include <cstdint>

namespace mvm::storage {

// Ordered as wallets are locked everywhere.
struct WalletKey {
    std::int64_t user_id;
    std::int32_t universe_id;

    friend auto operator<=>(const WalletKey &, const WalletKey &) = default;
};

} // namespace mvm::storage
