// Reading what a client gives with a request, for single calls and for batches: see
// market::ClientFields. A key has 1 to 255 characters, a memo at most 255.
#pragma once

#include "entry/array_arguments.hpp"
#include "market/client_fields.hpp"

namespace mvm::entry {

// Those of a call that takes them: the key at one place, and from another on the memo and what
// later versions add to it. A function of an earlier version has fewer. invalid_argument.
market::ClientFields client_arguments(FunctionCallInfo fcinfo, int key_position, int position);

// Those of a call that takes nothing but a key.
market::ClientFields key_argument(FunctionCallInfo fcinfo, int position);

// The same of a batch, an array each.
struct ClientArrays {
    ArrayArgument keys;
    ArrayArgument memos;
};
ClientArrays client_arrays(FunctionCallInfo fcinfo, const ArrayArgument &keys, int position);

// The number of orders; invalid_argument when the arrays differ or are too long.
int require_equal_lengths(const ArrayArgument *arguments, int argument_count,
                          const ClientArrays &client);

// Those of order `i`, and what is wrong with them; code ok: nothing.
market::Refusal read_client_fields(const ClientArrays &arrays, int i, market::ClientFields &client);

} // namespace mvm::entry
