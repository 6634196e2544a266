// Violations on purpose, one for each kind of check that a checked build of the
// extension has. tests/checked compiles this file into its copy of the extension.
#include <array>
#include <limits>

#include "domain/assert.hpp"
#include "pg/guard.hpp"

namespace mvm {

namespace {

// What the compiler cannot see through.
int argument(FunctionCallInfo fcinfo)
{
    return PG_GETARG_INT32(0);
}

Datum violate_assertion(FunctionCallInfo fcinfo)
{
    MVM_ASSERT(argument(fcinfo) != 1);
    return Int32GetDatum(0);
}

Datum violate_server_assertion(FunctionCallInfo fcinfo)
{
    Assert(argument(fcinfo) != 1);
    return Int32GetDatum(0);
}

Datum violate_array_bounds(FunctionCallInfo fcinfo)
{
    const std::array<int, 1> one{0};
    return Int32GetDatum(one[static_cast<std::size_t>(argument(fcinfo))]);
}

Datum violate_integer_range(FunctionCallInfo fcinfo)
{
    return Int32GetDatum(std::numeric_limits<int>::max() + argument(fcinfo));
}

} // namespace

} // namespace mvm

MVM_SQL_FUNCTION(mvm_violate_assertion, mvm::violate_assertion)
MVM_SQL_FUNCTION(mvm_violate_server_assertion, mvm::violate_server_assertion)
MVM_SQL_FUNCTION(mvm_violate_array_bounds, mvm::violate_array_bounds)
MVM_SQL_FUNCTION(mvm_violate_integer_range, mvm::violate_integer_range)
