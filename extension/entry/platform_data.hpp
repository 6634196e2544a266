// What a platform keeps with a user or an item of its own: its key and its data.
#pragma once

#include <optional>

#include "pg/postgres.hpp"

namespace mvm::entry {

struct PlatformData {
    std::optional<Datum> external_id; // text
    std::optional<Datum> metadata;    // jsonb
};

// Two arguments from `position` on.
PlatformData platform_data_arguments(FunctionCallInfo fcinfo, int position);

// Why an external id cannot be given to another; null where there is none. `who` has it: "A user".
const char *taken_external_id(const char *who, const std::optional<Datum> &external_id);

} // namespace mvm::entry
