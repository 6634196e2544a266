// numeric at the SQL edge: text for the domain, amounts for people.
#pragma once

#include <string_view>

#include "pg/postgres.hpp"

namespace mvm::pg {

// The digits of a numeric as PostgreSQL prints it ("12.30", "NaN"), palloc'd.
std::string_view text_of_numeric(Datum numeric);

// The same for an error detail: a long number is cut, and says so. palloc'd.
const char *brief_text_of_numeric(Datum numeric);

// Wide enough for sums of amounts.
__extension__ using WideAmount = __int128;

// Minor units as a numeric with `currency_scale` decimals.
Datum numeric_of_minor(WideAmount amount_minor, int currency_scale);

// The same as text, palloc'd, for error details.
const char *text_of_minor(std::int64_t amount_minor, int currency_scale);

// to_rate / from_rate without trailing zeros: units of `to` for one of `from`.
Datum numeric_ratio(Datum to_rate, Datum from_rate);

// Without trailing zeros of the fraction.
Datum trimmed_numeric(Datum numeric);

} // namespace mvm::pg
