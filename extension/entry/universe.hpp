// Creating a universe, for SQL and for the sample market.
#pragma once

#include "storage/universe.hpp"

namespace mvm::entry {

// invalid_argument, already_exists.
storage::Universe create_universe(storage::Call &call, Datum name, Datum currency_type, Datum rate,
                                  std::int32_t currency_scale);

} // namespace mvm::entry
