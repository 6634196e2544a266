#include "pg/numeric.hpp"

namespace mvm::pg {

std::string_view text_of_numeric(Datum numeric)
{
    return DatumGetCString(DirectFunctionCall1(numeric_out, numeric));
}

const char *brief_text_of_numeric(Datum numeric)
{
    constexpr int length_max = 60;
    const std::string_view text = text_of_numeric(numeric);
    if (text.size() <= length_max) {
        return text.data();
    }
    return psprintf("%.*s... (%d characters)", length_max, text.data(),
                    static_cast<int>(text.size()));
}

Datum numeric_of_minor(WideAmount amount_minor, int currency_scale)
{
    if (amount_minor >= PG_INT64_MIN && amount_minor <= PG_INT64_MAX) {
        return NumericGetDatum(
            int64_div_fast_to_numeric(static_cast<std::int64_t>(amount_minor), currency_scale));
    }
    const WideAmount half = amount_minor / 2;
    return DirectFunctionCall2(numeric_add, numeric_of_minor(half, currency_scale),
                               numeric_of_minor(amount_minor - half, currency_scale));
}

const char *text_of_minor(std::int64_t amount_minor, int currency_scale)
{
    return text_of_numeric(numeric_of_minor(amount_minor, currency_scale)).data();
}

Datum numeric_ratio(Datum to_rate, Datum from_rate)
{
    return trimmed_numeric(DirectFunctionCall2(numeric_div, to_rate, from_rate));
}

Datum trimmed_numeric(Datum numeric)
{
    return DirectFunctionCall1(numeric_trim_scale, numeric);
}

} // namespace mvm::pg
