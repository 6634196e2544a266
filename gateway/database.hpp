// The market as the gateway calls it: each function sends a query of queries.hpp,
// repeats it where that is safe, and turns every failure into the problem that
// the client is answered.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "pool.hpp"
#include "problem.hpp"
#include "queries.hpp"

namespace mvm::gateway {

// A page of a list and where the next one starts, if there is one.
struct Page {
    std::string body;
    std::string next; // empty: this is the last page
};

// A page of a statement and its span: what was asked for, or the defaults.
struct StatementPage {
    Page page;
    std::string universe_id;
    std::string from;
    std::string to;
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
    std::optional<std::string> max_amount; // refused when it would cost more
    // Universes of the wallets to pay from, in that order; absent: the home wallet. No batch call
    // takes it.
    std::optional<std::vector<std::string>> pay_from;
    std::optional<std::string> memo;
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
    std::optional<std::string> min_converted; // refused when it would credit less
    std::optional<std::string> memo;
};

// A row as it is after a write.
struct WrittenRow {
    std::string body;
    std::string id;
};

struct NewUniverse {
    using Receipt = WrittenRow;
    std::string name;
    std::string currency_type;
    std::string exchange_rate;
    std::optional<std::string> currency_scale;
};

// Absent fields stay as they are; at least one is present.
struct UniverseChange {
    using Receipt = WrittenRow;
    // As mvm_set_rules() takes them, which has a value of its own for each bound that is taken
    // away.
    struct Rules {
        std::optional<bool> trade_open;
        std::optional<bool> exchange_open;
        std::optional<std::string> sale_fee_rate;
        std::optional<std::string> exchange_fee_rate;
        std::optional<std::string> min_amount;
        std::optional<std::string> max_amount;
        std::optional<std::string> max_quantity;
        std::optional<std::string> max_hold_ttl_s;
        std::optional<std::string> max_quote_ttl_s;
        std::optional<std::string> max_open_holds;
        std::optional<std::string> max_open_quotes;
    };
    std::string universe_id;
    std::optional<std::string> exchange_rate;
    std::optional<Rules> rules;
};

struct RouteChange {
    using Receipt = WrittenRow;
    std::string from_universe_id;
    std::string to_universe_id;
    std::optional<bool> allowed;            // absent: it is
    std::optional<std::string> tariff_rate; // absent: none
};

struct NewUser {
    using Receipt = WrittenRow;
    std::string username;
    std::string universe_id;
    std::optional<std::string> balance;
    std::optional<std::string> external_id;
    std::optional<std::string> metadata; // JSON
};

// Absent fields stay as they are; at least one is present. The answer is read afterwards, as for
// any user.
struct UserChange {
    using Receipt = WrittenRow;
    std::string user_id;
    std::optional<std::string> universe_id; // another home
    std::optional<std::string> external_id; // of no characters: none from now on
    std::optional<std::string> metadata;    // JSON; null: none from now on
};

struct WrittenItem {
    std::string body;
    std::string id;
    std::string universe_id;
};

struct NewItem {
    using Receipt = WrittenItem;
    std::optional<std::string> seller_id; // absent: the treasury of the universe
    std::string name;
    std::string price;
    std::string stock;
    std::optional<std::string> universe_id; // absent: the seller's home
    std::optional<std::string> external_id;
    std::optional<std::string> metadata; // JSON
};

// Absent fields stay as they are; at least one is present.
struct ItemChange {
    using Receipt = WrittenItem;
    std::string item_id;
    std::optional<std::string> price;
    std::optional<bool> listed;
    std::optional<std::string> external_id; // as of a user
    std::optional<std::string> metadata;
};

// A row of the journal after a write, and whom and what it concerns.
struct WrittenTransaction {
    std::string body;
    std::string id;
    std::string user_id;         // empty: nobody
    std::string counterparty_id; // empty: nobody
    std::string item_id;         // empty: none
    std::string universe_id;     // the receiver's, or the item's
};

struct Restock {
    using Receipt = WrittenTransaction;
    std::string item_id;
    std::string quantity;
    Key idempotency_key;
};

struct Transfer {
    using Receipt = WrittenTransaction;
    std::string from_user_id;
    std::string to_user_id;
    std::string amount;
    std::optional<std::string> universe_id; // absent: the sender's home
    Key idempotency_key;
    std::optional<std::string> memo;
};

struct Refund {
    using Receipt = WrittenTransaction;
    std::string transaction_id;
    std::optional<std::string> quantity; // absent: all that is left
    Key idempotency_key;
};

// A hold after a write, and whom and what it concerns.
struct WrittenHold {
    std::string body;
    std::string id;
    std::string buyer_id;
    std::string item_id;
    std::string universe_id; // the item's
};

struct NewHold {
    using Receipt = WrittenHold;
    std::string buyer_id;
    std::string item_id;
    std::optional<std::string> quantity;
    std::optional<std::string> ttl_s;
    Key idempotency_key;
};

struct HoldRelease {
    using Receipt = WrittenHold;
    std::string hold_id;
};

struct CapturedHold {
    std::string body; // of the trade
    std::string buyer_id;
    std::string seller_id; // empty: the treasury of the universe
    std::string item_id;
    std::string universe_id;
};

struct HoldCapture {
    using Receipt = CapturedHold;
    std::string hold_id;
    std::optional<std::string> quantity; // absent: all of it
    Key idempotency_key;
};

// Writes down the release of holds past their time.
struct HoldSweep {
    struct Receipt {
        int holds;
    };
    int most;
};

struct NewQuote {
    using Receipt = WrittenRow;
    std::string user_id;
    std::string amount;
    std::string from_universe_id;
    std::string to_universe_id;
    std::optional<std::string> ttl_s;
};

struct AcceptedQuote {
    std::string body; // of the exchange
    std::string user_id;
};

struct QuoteAcceptance {
    using Receipt = AcceptedQuote;
    std::string quote_id;
};

struct CashOrder {
    using Receipt = WrittenRow;
    enum class Kind { deposit, withdrawal };
    Kind kind;
    std::string user_id;
    std::string amount;
    std::optional<std::string> universe_id; // absent: the user's home
    Key idempotency_key;
    std::optional<std::string> memo;
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
    // These give nothing when there is no such row.
    std::optional<std::string> universe(const std::string &universe_id);
    std::optional<std::string> routes_from(const std::string &universe_id);
    std::optional<std::string> item(const std::string &item_id);
    std::optional<std::string> user(const std::string &user_id);
    std::optional<std::string> transaction(const std::string &transaction_id);
    std::optional<std::string> hold(const std::string &hold_id);
    std::optional<std::string> quote(const std::string &quote_id);
    // Arrays of one or none.
    std::string users_by_username(const std::string &username);
    std::string users_by_external_id(const std::string &external_id);
    std::string items_by_external_id(const std::string &external_id);
    Page items(const std::string &after, const std::string &rows);
    // Nothing when there is no such universe.
    std::optional<Page> items_of_universe(const std::string &universe_id, const std::string &after,
                                          const std::string &rows);
    // Nothing when there is no such user.
    std::optional<Page> items_of_seller(const std::string &user_id, const std::string &after,
                                        const std::string &rows);
    Page trades(const std::string &user_id, const std::string &rows,
                const std::optional<std::string> &before);
    Page transactions(const std::string &user_id, const std::string &rows,
                      const std::optional<std::string> &before);
    std::string convert(const std::string &amount, const std::string &from_universe_id,
                        const std::string &to_universe_id);
    std::string convert_at(const std::string &amount, const std::string &from_universe_id,
                           const std::string &to_universe_id, const std::string &time);
    std::string balance(const std::string &user_id, const std::optional<std::string> &universe_id,
                        const std::optional<std::string> &time);
    StatementPage statement(const std::string &user_id,
                            const std::optional<std::string> &universe_id,
                            const std::optional<std::string> &from,
                            const std::optional<std::string> &to, const std::string &rows,
                            const std::optional<std::string> &after);
    // Nothing when there is no such universe.
    std::optional<std::string> rates(const std::string &universe_id, const std::string &rows);
    // Names at most `rows` violations. Lets statements take as long as an audit may, so for a pool
    // of one connection that is there for audits.
    std::string audit(const std::string &rows);

    // `repeated`, here and below, says that an earlier call may have carried the
    // orders out, which are then all with keys.
    Purchase write(const PurchaseOrder &order, bool repeated);
    Exchange write(const ExchangeOrder &order, bool repeated);
    WrittenRow write(const NewUniverse &universe);
    WrittenRow write(const UniverseChange &change);
    WrittenRow write(const RouteChange &change);
    WrittenRow write(const NewUser &user);
    WrittenRow write(const UserChange &change);
    WrittenItem write(const NewItem &item);
    WrittenItem write(const ItemChange &change);
    WrittenTransaction write(const Restock &restock);
    WrittenTransaction write(const Transfer &transfer);
    WrittenTransaction write(const Refund &refund);
    WrittenRow write(const CashOrder &order);
    WrittenHold write(const NewHold &hold);
    WrittenHold write(const HoldRelease &release);
    CapturedHold write(const HoldCapture &capture);
    HoldSweep::Receipt write(const HoldSweep &sweep);
    WrittenRow write(const NewQuote &quote);
    AcceptedQuote write(const QuoteAcceptance &acceptance);

    // Many orders in one call, as if each came alone, in their order; an answer
    // for each. Refused and DatabaseFailure are about the batch as a whole.
    std::vector<BatchAnswer<PurchaseOrder>> write_batch(const std::vector<PurchaseOrder> &orders,
                                                        bool repeated);
    std::vector<BatchAnswer<ExchangeOrder>> write_batch(const std::vector<ExchangeOrder> &orders,
                                                        bool repeated);

private:
    enum class Kind { read, keyed_write, plain_write };

    template <typename Order> static Kind kind_of(const Order &order);
    // `in_doubt`: an earlier attempt may have been carried out. `query`: what
    // `call` needs prepared, if that is none of queries::prepared.
    template <typename Call>
    pqxx::result run(Kind kind, const Call &call, bool in_doubt = false,
                     const queries::Query *query = nullptr);
    template <typename... Arguments>
    pqxx::result run(Kind kind, const queries::Query &query, const Arguments &...arguments);
    template <typename Call>
    pqxx::result run_batch(std::size_t orders, const Call &call, bool repeated);

    Pool &pool_;
};

} // namespace mvm::gateway
