// Rows of mvm.rule_change: who set which trading rules, and when.
#pragma once

#include "storage/universe.hpp"

namespace mvm::storage {

void record_rules(Call &call, std::int32_t universe_id, const StoredRules &rules);

void record_route(Call &call, std::int32_t from_id, std::int32_t to_id, bool allowed,
                  const std::optional<Datum> &tariff_rate);

} // namespace mvm::storage
