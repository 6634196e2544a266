// The market as the gateway reaches it: a function of queries.hpp, the retries
// that are safe, and every failure turned into the problem the client is told.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "pool.hpp"
#include "problem.hpp"

namespace mvm::gateway {

// A page of a list and where the next one starts, if there is one.
struct Page {
    std::string body;
    std::string next; // empty: this is the last page
};

// Thrown when the database has no answer.
struct DatabaseFailure {
    Problem problem;
    bool outcome_unknown = false; // a write may have been carried out all the same
    bool sql_error = false;       // this call met an unforeseen error of PostgreSQL and did nothing
};

using Key = std::optional<std::string>;

// What a client asks for and what it is answered. Ids and amounts are decimal text.
struct Purchase {
    std::string body;
    std::string seller_id; // empty: the treasury of the universe
    std::string universe_id;
};

struct PurchaseOrder {
    using Receipt = Purchase;
    std::string buyer_id;
    std::string item_id;
    std::string quantity;
    Key idempotency_key;
};

struct Exchange {
    std::string body;
};

struct ExchangeOrder {
    using Receipt = Exchange;
    std::string user_id;
    std::string amount;
    std::string from_universe_id;
    std::string to_universe_id;
    Key idempotency_key;
};

// The answer to an order of a batch: done, or refused.
template <typename Order> using BatchAnswer = std::variant<typename Order::Receipt, Problem>;

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

    // `repeated`, here and below, says that an earlier call may have carried the
    // orders out, which are then all with keys.
    Purchase write(const PurchaseOrder &order, bool repeated);
    Exchange write(const ExchangeOrder &order, bool repeated);

    // Many orders in one call, as if each came alone, in their order; an answer
    // for each. Refused and DatabaseFailure are about the batch as a whole.
    std::vector<BatchAnswer<PurchaseOrder>> write_batch(const std::vector<PurchaseOrder> &orders,
                                                        bool repeated);
    std::vector<BatchAnswer<ExchangeOrder>> write_batch(const std::vector<ExchangeOrder> &orders,
                                                        bool repeated);

private:
    enum class Kind { read, keyed_write, plain_write };

    template <typename Order> static Kind kind_of(const Order &order);
    // `in_doubt`: an earlier attempt may have been carried out.
    template <typename Call> pqxx::result run(Kind kind, const Call &call, bool in_doubt = false);
    template <typename Call>
    pqxx::result run_batch(std::size_t orders, const Call &call, bool repeated);

    Pool &pool_;
};

} // namespace mvm::gateway
