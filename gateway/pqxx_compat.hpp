// The differences between libpqxx 6.4 and 7.10, each with its reason.
#pragma once

#include <pqxx/pqxx>

namespace mvm::gateway {

// 7.10 deprecates exec_prepared() in favour of exec(prepped, params), which 6.4 has not.
template <typename... Arguments>
pqxx::result exec_prepared(pqxx::transaction_base &transaction, const char *name,
                           const Arguments &...arguments)
{
#if PQXX_VERSION_MAJOR > 7 || (PQXX_VERSION_MAJOR == 7 && PQXX_VERSION_MINOR >= 10)
    return transaction.exec(pqxx::prepped{name}, pqxx::params{arguments...});
#else
    return transaction.exec_prepared(name, arguments...);
#endif
}

// 6.4 prepares when a statement is first used, 7 at once.
inline void prepare_now(pqxx::connection &connection, const char *name, const char *sql)
{
    connection.prepare(name, sql);
#if PQXX_VERSION_MAJOR < 7
    connection.prepare_now(name);
#endif
}

// 6.4 reconnects on its own and would repeat a statement on the new
// connection; 7 never does. The call is deprecated without a successor in 6.4.
inline void forbid_reconnecting(pqxx::connection &connection)
{
#if PQXX_VERSION_MAJOR < 7
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    connection.inhibit_reactivation(true);
#pragma GCC diagnostic pop
#else
    static_cast<void>(connection);
#endif
}

} // namespace mvm::gateway
