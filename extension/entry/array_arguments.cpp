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
        pg::refuse(ErrorCode::invalid_argument,
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

int require_equal_lengths(const ArrayArgument *arguments, int argument_count)
{
    const int count = arguments[0].count;
    for (int i = 1; i < argument_count; ++i) {
        if (arguments[i].given && arguments[i].count != count) {
            pg::refuse(ErrorCode::invalid_argument,
                       psprintf("%s has %d elements, %s has %d.", arguments[0].name, count,
                                arguments[i].name, arguments[i].count));
        }
    }
    if (count > batch_orders_max) {
        pg::refuse(
            ErrorCode::invalid_argument,
            psprintf("The batch has %d orders, at most %d are allowed.", count, batch_orders_max),
            "Split it.");
    }
    return count;
}

OrderText key_of_order(const ArrayArgument &keys, int i)
{
    if (!keys.given || keys.nulls[i]) {
        return {std::nullopt, {}};
    }
    const int length = length_of(keys.values[i]);
    if (!is_key_length(length)) {
        return {std::nullopt, key_length(length)};
    }
    return {keys.values[i], {}};
}

OrderText memo_of_order(const ArrayArgument &memos, int i)
{
    if (!memos.given || memos.nulls[i]) {
        return {std::nullopt, {}};
    }
    const int length = length_of(memos.values[i]);
    if (length > memo_length_max) {
        return {std::nullopt, memo_length(length)};
    }
    return {memos.values[i], {}};
}

std::optional<Datum> value_of_order(const ArrayArgument &values, int i)
{
    return values.given && !values.nulls[i] ? std::optional(values.values[i]) : std::nullopt;
}

} // namespace mvm::entry
