// Creating a universe, for SQL and for the sample market; and a universe as it is shown.
#pragma once

#include "storage/universe.hpp"

namespace mvm::entry {

// invalid_argument, already_exists.
storage::Universe create_universe(storage::Call &call, Datum name, Datum currency_type, Datum rate,
                                  std::int32_t currency_scale);

// A row of mvm.universes.
Datum universe_result(FunctionCallInfo fcinfo, const storage::Call &call,
                      const storage::Universe &universe, const storage::StoredRules &rules);

} // namespace mvm::entry
