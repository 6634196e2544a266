// Files built into the gateway: the OpenAPI document, the two documentation
// pages, and what those load.
#pragma once

#include <string_view>

namespace mvm::gateway {

struct Asset {
    std::string_view path; // as requested
    std::string_view content_type;
    std::string_view bytes;
};

// Null when there is none at `path`.
const Asset *find_asset(std::string_view path);

} // namespace mvm::gateway
