// A platform's own key of a user or an item, and its own data about it.
#pragma once

#include <optional>

#include "pg/postgres.hpp"

namespace mvm::entry {

struct PlatformData {
    std::optional<Datum> external_id; // text
    std::optional<Datum> metadata;    // jsonb
};

// Reads the two arguments from `position` on.
PlatformData platform_data_arguments(FunctionCallInfo fcinfo, int position);

// The DETAIL for an external id that `who` ("A user") has already; null without an external id.
const char *taken_external_id(const char *who, const std::optional<Datum> &external_id);

} // namespace mvm::entry
