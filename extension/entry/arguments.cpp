#include "entry/arguments.hpp"

#include "pg/interval.hpp"
#include "pg/jsonb.hpp"
#include "pg/refusal.hpp"
#include "pg/text.hpp"

namespace mvm::entry {

namespace {

using domain::ErrorCode;

void require_argument(FunctionCallInfo fcinfo, int position, const char *name)
{
    if (PG_ARGISNULL(position)) {
        market::raise(market::null_argument(name));
    }
}

int character_count(std::string_view text)
{
    return pg_mbstrlen_with_len(text.data(), static_cast<int>(text.size()));
}

} // namespace

std::int64_t int8_argument(FunctionCallInfo fcinfo, int position, const char *name)
{
    require_argument(fcinfo, position, name);
    return PG_GETARG_INT64(position);
}

std::int32_t int4_argument(FunctionCallInfo fcinfo, int position, const char *name)
{
    require_argument(fcinfo, position, name);
    return PG_GETARG_INT32(position);
}

TimestampTz time_argument(FunctionCallInfo fcinfo, int position, const char *name)
{
    require_argument(fcinfo, position, name);
    return PG_GETARG_TIMESTAMPTZ(position);
}

Datum numeric_argument(FunctionCallInfo fcinfo, int position, const char *name)
{
    require_argument(fcinfo, position, name);
    return NumericGetDatum(PG_GETARG_NUMERIC(position));
}

const Interval *interval_argument(FunctionCallInfo fcinfo, int position, const char *name)
{
    require_argument(fcinfo, position, name);
    return PG_GETARG_INTERVAL_P(position);
}

Datum name_argument(FunctionCallInfo fcinfo, int position, const char *name, int length_max)
{
    require_argument(fcinfo, position, name);
    const Datum value = PointerGetDatum(PG_GETARG_TEXT_PP(position));
    const std::string_view characters = pg::view_of(value);
    if (characters.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos) {
        pg::raise(ErrorCode::invalid_argument, psprintf("%s must not be blank.", name));
    }
    const int length = character_count(characters);
    if (length > length_max) {
        pg::raise(
            ErrorCode::invalid_argument,
            psprintf("%s has %d characters, at most %d are allowed.", name, length, length_max));
    }
    return value;
}

std::optional<std::int64_t> optional_int8_argument(FunctionCallInfo fcinfo, int position)
{
    return PG_ARGISNULL(position) ? std::nullopt : std::optional(PG_GETARG_INT64(position));
}

std::optional<std::int32_t> optional_int4_argument(FunctionCallInfo fcinfo, int position)
{
    return PG_ARGISNULL(position) ? std::nullopt : std::optional(PG_GETARG_INT32(position));
}

std::optional<Datum> added_numeric_argument(FunctionCallInfo fcinfo, int position)
{
    if (PG_NARGS() <= position || PG_ARGISNULL(position)) {
        return std::nullopt;
    }
    return NumericGetDatum(PG_GETARG_NUMERIC(position));
}

std::int64_t require_lifetime(const Interval *ttl, const char *name)
{
    const std::int64_t lifetime_us = pg::microseconds_of(*ttl);
    if (lifetime_us == 0) {
        pg::raise(ErrorCode::invalid_argument,
                  psprintf("%s is %s, it must be above zero and at most %d days.", name,
                           pg::text_of_interval(IntervalPGetDatum(ttl)),
                           static_cast<int>(pg::lifetime_days_max)));
    }
    return lifetime_us;
}

std::optional<TimestampTz> added_time_argument(FunctionCallInfo fcinfo, int position)
{
    if (PG_NARGS() <= position || PG_ARGISNULL(position)) {
        return std::nullopt;
    }
    return PG_GETARG_TIMESTAMPTZ(position);
}

std::optional<Datum> external_id_argument(FunctionCallInfo fcinfo, int position)
{
    if (PG_NARGS() <= position || PG_ARGISNULL(position)) {
        return std::nullopt;
    }
    const Datum value = PointerGetDatum(PG_GETARG_TEXT_PP(position));
    const int length = length_of(value);
    if (length < 1 || length > external_id_length_max) {
        pg::raise(ErrorCode::invalid_argument,
                  psprintf("external_id has %d characters, 1 to %d are allowed.", length,
                           external_id_length_max));
    }
    return value;
}

std::optional<Datum> metadata_argument(FunctionCallInfo fcinfo, int position)
{
    if (PG_NARGS() <= position || PG_ARGISNULL(position)) {
        return std::nullopt;
    }
    Jsonb *value = PG_GETARG_JSONB_P(position);
    if (!pg::is_json_object(value)) {
        pg::raise(ErrorCode::invalid_argument, "metadata must be a JSON object.");
    }
    if (!pg::is_json_within(value, metadata_bytes_max)) {
        pg::raise(ErrorCode::invalid_argument,
                  psprintf("metadata has more than %d bytes as text.", metadata_bytes_max));
    }
    return JsonbPGetDatum(value);
}

int length_of(Datum text_datum)
{
    return character_count(pg::view_of(text_datum));
}

} // namespace mvm::entry
