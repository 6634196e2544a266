#include "entry/client_arguments.hpp"

#include "entry/arguments.hpp"

namespace mvm::entry {

namespace {

using domain::ErrorCode;
using market::ClientFields;
using market::Refusal;

constexpr int key_length_max = 255;
constexpr int memo_length_max = 255;

Refusal refusal_of(const ClientFields &client)
{
    if (client.key) {
        const int length = length_of(*client.key);
        if (length < 1 || length > key_length_max) {
            return {ErrorCode::invalid_argument,
                    psprintf("idempotency_key has %d characters, 1 to %d are allowed.", length,
                             key_length_max),
                    nullptr};
        }
    }
    if (client.memo) {
        const int length = length_of(*client.memo);
        if (length > memo_length_max) {
            return {ErrorCode::invalid_argument,
                    psprintf("memo has %d characters, at most %d are allowed.", length,
                             memo_length_max),
                    nullptr};
        }
    }
    return {};
}

const ClientFields &require_usable(const ClientFields &client)
{
    const Refusal refusal = refusal_of(client);
    if (refusal.code != ErrorCode::ok) {
        market::raise(refusal);
    }
    return client;
}

std::optional<Datum> text_argument(FunctionCallInfo fcinfo, int position)
{
    if (PG_NARGS() <= position || PG_ARGISNULL(position)) {
        return std::nullopt;
    }
    return PointerGetDatum(PG_GETARG_TEXT_PP(position));
}

} // namespace

ClientFields client_arguments(FunctionCallInfo fcinfo, int key_position, int position)
{
    return require_usable({text_argument(fcinfo, key_position), text_argument(fcinfo, position)});
}

ClientFields key_argument(FunctionCallInfo fcinfo, int position)
{
    return require_usable({text_argument(fcinfo, position), {}});
}

ClientArrays client_arrays(FunctionCallInfo fcinfo, const ArrayArgument &keys, int position)
{
    return {keys, optional_array_argument(fcinfo, position, "memos", TEXTOID)};
}

int require_equal_lengths(const ArrayArgument *arguments, int argument_count,
                          const ClientArrays &client)
{
    for (int i = 1; i < argument_count; ++i) {
        require_equal_length(arguments[0], arguments[i]);
    }
    require_equal_length(arguments[0], client.memos);
    require_batch_size(arguments[0].count);
    return arguments[0].count;
}

Refusal read_client_fields(const ClientArrays &arrays, int i, ClientFields &client)
{
    client = {value_of_order(arrays.keys, i), value_of_order(arrays.memos, i)};
    return refusal_of(client);
}

} // namespace mvm::entry
