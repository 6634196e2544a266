// How people give and see the trading rules of a universe.
#pragma once

#include <optional>

#include "storage/universe.hpp"

namespace mvm::entry {

// A rule as mvm.universes has it.
std::optional<Datum> shown_rule(const storage::RuleInfo &info, const storage::StoredRules &rules,
                                const storage::Universe &universe);

} // namespace mvm::entry
