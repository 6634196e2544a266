// Reading SQL arguments. A null where a value is needed is invalid_argument.
#pragma once

#include <optional>

#include "market/refusals.hpp"
#include "pg/postgres.hpp"

namespace mvm::entry {

std::int64_t int8_argument(FunctionCallInfo fcinfo, int position, const char *name);
std::int32_t int4_argument(FunctionCallInfo fcinfo, int position, const char *name);
TimestampTz time_argument(FunctionCallInfo fcinfo, int position, const char *name);
Datum numeric_argument(FunctionCallInfo fcinfo, int position, const char *name);
const Interval *interval_argument(FunctionCallInfo fcinfo, int position, const char *name);

// A text of 1 to length_max characters, not only white space.
Datum name_argument(FunctionCallInfo fcinfo, int position, const char *name, int length_max);

std::optional<std::int64_t> optional_int8_argument(FunctionCallInfo fcinfo, int position);
std::optional<std::int32_t> optional_int4_argument(FunctionCallInfo fcinfo, int position);

// An argument that a later version of the function has added: none where the
// function is that of an earlier one.
std::optional<Datum> added_numeric_argument(FunctionCallInfo fcinfo, int position);
std::optional<TimestampTz> added_time_argument(FunctionCallInfo fcinfo, int position);

// How long a quote or a hold lives, in microseconds: more than none, at most 366 days.
std::int64_t require_lifetime(const Interval *ttl, const char *name);

// A platform's own key of a user or item, 1 to 255 characters, and its own data, a JSON object of
// at most 8192 bytes as text, if there are any: arguments that a later version has added.
std::optional<Datum> external_id_argument(FunctionCallInfo fcinfo, int position);
std::optional<Datum> metadata_argument(FunctionCallInfo fcinfo, int position);

// Characters of a text.
int length_of(Datum text_datum);

inline constexpr int name_length_max = 255;
inline constexpr int currency_type_length_max = 32;
inline constexpr int external_id_length_max = 255;
inline constexpr int metadata_bytes_max = 8192;

} // namespace mvm::entry
