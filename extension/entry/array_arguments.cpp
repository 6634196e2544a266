#include "entry/array_arguments.hpp"

#include "entry/arguments.hpp"
#include "pg/refusal.hpp"

namespace mvm::entry {

using domain::ErrorCode;

ArrayArgument array_argument(FunctionCallInfo fcinfo, int position, const char *name,
                             Oid element_type)
{
    const ArrayArgument argument = optional_array_argument(fcinfo, position, name, element_type);
    if (!argument.given) {
        market::raise(market::null_argument(name));
    }
    return argument;
}

ArrayArgument optional_array_argument(FunctionCallInfo fcinfo, int position, const char *name,
                                      Oid element_type)
{
    ArrayArgument argument{name, false, nullptr, nullptr, 0};
    if (PG_NARGS() <= position || PG_ARGISNULL(position)) {
        return argument;
    }
    ArrayType *array = PG_GETARG_ARRAYTYPE_P(position);
    if (ARR_NDIM(array) > 1) {
        pg::raise(ErrorCode::invalid_argument,
                  psprintf("%s has %d dimensions, it must have one.", name, ARR_NDIM(array)));
    }
    int16 length = 0;
    bool by_value = false;
    char alignment = 0;
    get_typlenbyvalalign(element_type, &length, &by_value, &alignment);
    argument.given = true;
    deconstruct_array(array, element_type, length, by_value, alignment, &argument.values,
                      &argument.nulls, &argument.count);
    return argument;
}

void require_equal_length(const ArrayArgument &first, const ArrayArgument &argument)
{
    if (argument.given && argument.count != first.count) {
        pg::raise(ErrorCode::invalid_argument,
                  psprintf("%s has %d elements, %s has %d.", first.name, first.count, argument.name,
                           argument.count));
    }
}

void require_batch_size(int count)
{
    if (count > batch_orders_max) {
        pg::raise(
            ErrorCode::invalid_argument,
            psprintf("The batch has %d orders, at most %d are allowed.", count, batch_orders_max),
            "Split it.");
    }
}

std::optional<Datum> value_of_order(const ArrayArgument &values, int i)
{
    return values.given && !values.nulls[i] ? std::optional(values.values[i]) : std::nullopt;
}

} // namespace mvm::entry
