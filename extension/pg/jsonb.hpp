// jsonb at the SQL edge.
#pragma once

#include "pg/postgres.hpp"

namespace mvm::pg {

bool is_json_null(const Jsonb *value);
bool is_json_object(const Jsonb *value);

// Whether the value has at most `bytes_max` bytes as PostgreSQL prints it. Stops counting there: a
// few bytes of jsonb may print as a number of 100,000 digits.
bool is_json_within(Jsonb *value, int bytes_max);

} // namespace mvm::pg
