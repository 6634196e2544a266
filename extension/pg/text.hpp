// Characters of PostgreSQL's text values.
#pragma once

#include <string_view>

#include "pg/postgres.hpp"

namespace mvm::pg {

// The characters of a text that is not toasted, where they stand.
inline std::string_view view_of(Datum text_datum)
{
    const auto *value = reinterpret_cast<const text *>(DatumGetPointer(text_datum));
    return {VARDATA_ANY(value), static_cast<std::size_t>(VARSIZE_ANY_EXHDR(value))};
}

} // namespace mvm::pg
