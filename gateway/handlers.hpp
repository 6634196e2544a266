// What each endpoint does.
#pragma once

#include <atomic>
#include <functional>
#include <string_view>

#include <httplib.h>

#include "cache.hpp"
#include "database.hpp"
#include "metrics.hpp"
#include "write_batcher.hpp"

namespace mvm::gateway {

// Everything that handlers share.
struct Services {
    Pool &pool;         // for reads
    Pool &writing_pool; // for writes
    Pool &audit_pool;   // for audits, which take long
    Database &database; // reads
    Database &audits;
    WriteBatcher &writes;
    Cache &cache;
    RequestMetrics &requests;
    std::function<std::size_t()> connections; // open HTTP connections
    std::atomic<bool> auditing{false};
};

// One request. `parameter` is what stands for the "{name}" of the endpoint, `second_parameter` for
// its second if it has two.
struct Call {
    Services &services;
    const httplib::Request &request;
    httplib::Response &response;
    std::string_view parameter;
    std::string_view second_parameter = {};
};

// Each fills `call.response`, or throws Refused or DatabaseFailure.
namespace handlers {
void get_universes(Call &call);
void get_universe(Call &call);
void post_universe(Call &call);
void patch_universe(Call &call);
void get_routes(Call &call);
void put_route(Call &call);
void get_items(Call &call);
void get_item(Call &call);
void post_item(Call &call);
void patch_item(Call &call);
void post_restock(Call &call);
void get_items_of_seller(Call &call);
void get_users(Call &call);
void post_user(Call &call);
void get_user(Call &call);
void patch_user(Call &call);
void get_balance(Call &call);
void get_rates(Call &call);
void get_statement(Call &call);
void get_trades(Call &call);
void get_transactions(Call &call);
void get_transaction(Call &call);
void get_convert(Call &call);
void get_audit(Call &call);
void post_deposit(Call &call);
void post_withdrawal(Call &call);
void post_transfer(Call &call);
void post_refund(Call &call);
void post_hold(Call &call);
void get_hold(Call &call);
void post_capture(Call &call);
void post_release(Call &call);
void post_quote(Call &call);
void get_quote(Call &call);
void post_acceptance(Call &call);
void post_exchange(Call &call);
void post_buy(Call &call);
void get_root(Call &call);
void get_health(Call &call);
void get_livez(Call &call);
void get_readyz(Call &call);
void get_metrics(Call &call);
void get_asset(Call &call);
} // namespace handlers

} // namespace mvm::gateway
