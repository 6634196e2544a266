// The market as the gateway reaches it: a function of queries.hpp, the retries
// that are safe, and every failure turned into the problem the client is told.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "pool.hpp"
#include "problem.hpp"

namespace mvm::gateway {

// A page of a list and where the next one starts, if there is one.
struct Page {
    std::string body;
    std::string next; // empty: this is the last page
};

struct Purchase {
    std::string body;
    std::string seller_id; // empty: the treasury of the universe
    std::string universe_id;
};

// Thrown when the database has no answer; `outcome_unknown` when a write may
// have been carried out all the same.
struct DatabaseFailure {
    Problem problem;
    bool outcome_unknown = false;
};

using Key = std::optional<std::string>;

// Reads are repeated once when their connection dies. A write is repeated only
// when it certainly was not carried out, or when its idempotency key makes the
// repetition harmless. Every function throws Refused (the market's answer) or
// DatabaseFailure.
class Database {
public:
    explicit Database(Pool &pool) : pool_(pool) {}

    std::string version();
    std::string universes();
    Page items(const std::string &after, const std::string &rows);
    // Nothing when there is no such universe.
    std::optional<Page> items_of_universe(const std::string &universe_id, const std::string &after,
                                          const std::string &rows);
    // Nothing when there is no such user.
    std::optional<std::string> user(const std::string &user_id);
    Page trades(const std::string &user_id, const std::string &rows, const Key &before);

    std::string exchange(const std::string &user_id, const std::string &amount,
                         const std::string &from_universe_id, const std::string &to_universe_id,
                         const Key &idempotency_key);
    Purchase buy(const std::string &buyer_id, const std::string &item_id,
                 const std::string &quantity, const Key &idempotency_key);

private:
    enum class Kind { read, keyed_write, plain_write };

    template <typename Call> pqxx::result run(Kind kind, const Call &call);

    Pool &pool_;
};

} // namespace mvm::gateway
