// Raising the market's errors.
#pragma once

#include "domain/error.hpp"

#include "pg/postgres.hpp"

namespace mvm::pg {

// Raises `code` with its SQLSTATE and text. `detail` holds the numbers (palloc'd
// or static); `hint`, where there is one, says what to do.
[[noreturn]] void raise(domain::ErrorCode code, const char *detail, const char *hint = nullptr);

// Raises 40001: a row this call needs changed after the transaction's snapshot.
[[noreturn]] void raise_stale_snapshot();

} // namespace mvm::pg
