// Creating a user, for SQL and for the sample market; and a user as it is shown.
#pragma once

#include "entry/platform_data.hpp"
#include "entry/row_writer.hpp"
#include "storage/universe.hpp"
#include "storage/user_account.hpp"

namespace mvm::entry {

struct NewUser {
    storage::UserAccount account;
    storage::Universe home;
    std::int64_t balance_minor;
};

// Creates a user with an opening deposit of `balance`, zero or more.
// invalid_amount, universe_not_found, amount_out_of_range, already_exists.
NewUser create_user(storage::Call &call, Datum username, std::int32_t universe_id, Datum balance,
                    const PlatformData &data);

// A row of mvm.users: the balance is that of the home wallet, and counts holds past their time.
void write_shown_user(RowWriter &writer, storage::Call &call, const storage::UserAccount &user);
Datum shown_user_result(FunctionCallInfo fcinfo, storage::Call &call,
                        const storage::UserAccount &user);

} // namespace mvm::entry
