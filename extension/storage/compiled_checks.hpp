// CHECK constraints, compiled once a session. The executor compiles them for
// every statement, which for a call that writes three rows is a third of its time.
#pragma once

#include "pg/postgres.hpp"

namespace mvm::storage {

// Gives the executor the compiled CHECK constraints of the relation. Compiles
// them at the first use and whenever their definition has changed; one that
// calls functions of users, whose bodies may change, for each statement.
void attach_compiled_checks(ResultRelInfo *result, EState *estate);

} // namespace mvm::storage
