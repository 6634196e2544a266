// mvm.amount: minor units as people read them.
#include "domain/money.hpp"

#include "pg/guard.hpp"
#include "pg/numeric.hpp"
#include "pg/refusal.hpp"

namespace mvm::entry {

namespace {

Datum amount_function(FunctionCallInfo fcinfo)
{
    const std::int64_t amount_minor = PG_GETARG_INT64(0);
    const std::int32_t currency_scale = PG_GETARG_INT32(1);
    if (currency_scale < 0 || currency_scale > domain::currency_scale_max) {
        pg::refuse(domain::ErrorCode::invalid_argument,
                   psprintf("currency_scale is %d, it must be 0 to %d.", currency_scale,
                            domain::currency_scale_max));
    }
    return pg::numeric_of_minor(amount_minor, currency_scale);
}

} // namespace

} // namespace mvm::entry

MVM_SQL_FUNCTION(mvm_amount, mvm::entry::amount_function)
