// The edge between PostgreSQL and C++: every SQL-callable function passes here.
#pragma once

#include <exception>

#include "pg/postgres.hpp"

namespace mvm::pg {

// Runs `body` and turns a C++ exception into an ordinary error. A PostgreSQL
// error passes by: it leaves through longjmp with its SQLSTATE. The message is
// copied out first, so that nothing is thrown or longjmp'ed from a catch block.
template <typename Body> Datum guard(FunctionCallInfo fcinfo, Body body)
{
    char message[256];
    try {
        return body(fcinfo);
    } catch (const std::exception &error) {
        snprintf(message, sizeof message, "%s", error.what());
    } catch (...) {
        snprintf(message, sizeof message, "unknown C++ exception");
    }
    ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR),
                    errmsg_internal("unexpected exception in mvm: %s", message)));
}

} // namespace mvm::pg

// Defines the C function `symbol` that SQL calls, running `body` behind the guard.
#define MVM_SQL_FUNCTION(symbol, body)                                                             \
    extern "C" {                                                                                   \
    PGDLLEXPORT Datum symbol(PG_FUNCTION_ARGS);                                                    \
    PG_FUNCTION_INFO_V1(symbol);                                                                   \
    Datum symbol(PG_FUNCTION_ARGS)                                                                 \
    {                                                                                              \
        return mvm::pg::guard(fcinfo, body);                                                       \
    }                                                                                              \
    }
