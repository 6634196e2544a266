// Concurrent writes combined into batches, each answered as if it came alone.
//
// A test holds the row of an item: the first purchase of it goes out at once
// and waits for the row, and all that is sent meanwhile gathers behind it.
#include <csignal>
#include <regex>
#include <set>
#include <thread>

#include "limits.hpp"
#include "support.hpp"

namespace mvm::gateway::test {
namespace {

struct Request {
    std::string path;
    std::string body;
    Headers headers = {};
};

Request purchase(int buyer, int item, int quantity, const std::string &key = "")
{
    Request request{"/api/v1/buy", R"({"buyer_id":)" + std::to_string(buyer) + R"(,"item_id":)" +
                                       std::to_string(item) + R"(,"quantity":)" +
                                       std::to_string(quantity) + "}"};
    if (!key.empty()) {
        request.headers.emplace_back("Idempotency-Key", key);
    }
    return request;
}

Request exchange_of(int user, const std::string &amount, int from, int to)
{
    return {"/api/v1/exchange", R"({"user_id":)" + std::to_string(user) + R"(,"amount":)" + amount +
                                    R"(,"from_universe_id":)" + std::to_string(from) +
                                    R"(,"to_universe_id":)" + std::to_string(to) + "}"};
}

// An answer without what differs from one market to the next.
std::string comparable(const Answer &answer)
{
    static const std::regex number(R"re("(id|transaction_id)":[0-9]+)re");
    static const std::regex time(R"re("transaction_time":"[^"]+")re");
    const std::string body = std::regex_replace(answer.body, number, R"("$1":N)");
    return std::to_string(answer.status) + " " + answer.headers.at("content-type") + " " +
           std::regex_replace(body, time, R"("transaction_time":T)");
}

class CombinedWrites : public RestTest {
protected:
    Environment environment() const override
    {
        Environment variables = RestTest::environment();
        variables["DB_WRITERS"] = "1";
        return variables;
    }

    // Items on the shelf of user 2, with plenty in stock: 4 to 6.
    void SetUp() override
    {
        RestTest::SetUp();
        for (int item = 4; item <= 6; ++item) {
            database_->sql("SELECT mvm_list_item(2, 'Red Dust', 0.25, 1000000)");
        }
    }

    // A transaction that holds the row of an item until it is given up.
    struct HeldItem {
        HeldItem(const MarketDatabase &database, int item)
            : connection("host=127.0.0.1 port=" + required_environment("PGPORT") +
                         " user=" + required_environment("PGUSER") + " password=" +
                         required_environment("MVM_TEST_PASSWORD") + " dbname=" + database.name()),
              transaction(connection)
        {
            transaction.exec("SELECT FROM mvm.item WHERE id = " + std::to_string(item) +
                             " FOR UPDATE");
        }
        void release() { transaction.commit(); }
        pqxx::connection connection;
        pqxx::work transaction;
    };

    // A write on its way, on a connection of its own.
    std::unique_ptr<Client> send(const Request &request)
    {
        auto client = std::make_unique<Client>(gateway_->port());
        std::string text =
            "POST " + request.path +
            " HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: " +
            std::to_string(request.body.size()) + "\r\n";
        for (const auto &[name, value] : request.headers) {
            text += name + ": " + value + "\r\n";
        }
        client->send(text + "\r\n" + request.body);
        return client;
    }

    // The one writer busy with a purchase of a held item.
    std::unique_ptr<Client> occupy_writer(int item)
    {
        auto client = send(purchase(3, item, 1));
        EXPECT_TRUE(eventually([this] { return metric("mvm_pool_in_use{pool=\"writes\"}") == 1; }));
        EXPECT_FALSE(waiting_backend().empty());
        return client;
    }

    // Sends each when the one before it stands in the queue.
    std::vector<std::unique_ptr<Client>> gather(const std::vector<Request> &requests)
    {
        std::vector<std::unique_ptr<Client>> clients;
        for (const Request &request : requests) {
            clients.push_back(send(request));
            EXPECT_TRUE(eventually([&] {
                return metric("mvm_write_queue_orders") == static_cast<double>(clients.size());
            }));
        }
        return clients;
    }

    // The answers to requests that go out together behind a first purchase.
    std::vector<Answer> answers_of_batch(const std::vector<Request> &requests)
    {
        HeldItem held(*database_, 6);
        const auto first = occupy_writer(6);
        const auto clients = gather(requests);
        held.release();
        EXPECT_EQ(first->receive().status, 200);
        std::vector<Answer> answers;
        for (const auto &client : clients) {
            answers.push_back(client->receive());
        }
        return answers;
    }

    // Ends the backend that waits for a lock; what it did is sent again on another.
    void lose_waiting_backend()
    {
        const std::string backend = waiting_backend();
        ASSERT_FALSE(backend.empty());
        database_->sql("SELECT pg_terminate_backend(" + backend + ")");
        EXPECT_TRUE(eventually([&] { return waiting_backend() != backend; }));
        EXPECT_FALSE(waiting_backend().empty());
    }

    static void expect_unknown(const Answer &answer)
    {
        expect_problem(answer, 503, "unavailable", "The connection to PostgreSQL was lost");
        EXPECT_TRUE(answer.headers.contains("retry-after"));
    }

    std::string trades() { return database_->sql("SELECT count(*) FROM mvm.trades"); }

    void expect_clean_market()
    {
        EXPECT_EQ(database_->sql("SELECT count(*) FROM mvm_audit()"), "0");
    }
};

TEST_F(CombinedWrites, go_out_alone_and_at_once_when_nothing_else_is_under_way)
{
    for (int count = 0; count < 3; ++count) {
        ASSERT_EQ(buy(purchase(1, 4, 1).body).status, 200);
    }
    EXPECT_EQ(metric("mvm_write_singles_total"), 3);
    EXPECT_EQ(metric("mvm_write_batches_total"), 0);
    EXPECT_EQ(metric("mvm_write_wait_seconds_count"), 0);
}

// Purchase, deposit, the purchases that gather meanwhile, new user: in the order of their coming.
TEST_F(CombinedWrites, that_have_no_batch_call_take_their_turn_with_the_others)
{
    HeldItem held(*database_, 4);
    const auto occupying = occupy_writer(4);
    const auto clients = gather({{"/api/v1/deposits", R"({"user_id":1,"amount":500})"},
                                 purchase(1, 5, 12000),
                                 {"/api/v1/withdrawals", R"({"user_id":1,"amount":200})"},
                                 purchase(1, 6, 1),
                                 {"/api/v1/users", R"({"username":"zoe","universe_id":1})"}});
    held.release();
    EXPECT_EQ(occupying->receive().status, 200);
    // 12,001 pieces of 0.10 could not be paid without the deposit.
    std::vector<int> statuses;
    for (const auto &client : clients) {
        statuses.push_back(client->receive().status);
    }
    EXPECT_EQ(statuses, (std::vector<int>{201, 200, 201, 200, 201}));
    EXPECT_EQ(get("/api/v1/users/1").json()["balance"], 99.9);
    EXPECT_EQ(metric("mvm_write_batches_total"), 1);
    EXPECT_EQ(metric("mvm_write_singles_total"), 4);
    EXPECT_EQ(metric("mvm_write_wait_seconds_count"), 5);
    EXPECT_EQ(metric("mvm_write_queue_orders"), 0);
    expect_clean_market();
}

TEST_F(CombinedWrites, that_gather_behind_one_go_out_as_one_batch_and_each_gets_its_own_answer)
{
    std::vector<Request> requests;
    for (int number = 1; number <= 20; ++number) {
        requests.push_back(purchase(number % 2 == 0 ? 1 : 3, 4 + number % 3, number));
    }
    const std::vector<Answer> answers = answers_of_batch(requests);
    std::set<std::int64_t> ids;
    for (std::size_t at = 0; at < answers.size(); ++at) {
        ASSERT_EQ(answers[at].status, 200) << answers[at].body;
        const nlohmann::json trade = answers[at].json();
        const nlohmann::json asked = nlohmann::json::parse(requests[at].body);
        for (const char *field : {"buyer_id", "item_id", "quantity"}) {
            EXPECT_EQ(trade[field], asked[field]);
        }
        ids.insert(trade["id"].get<std::int64_t>());
    }
    EXPECT_EQ(ids.size(), answers.size());
    EXPECT_EQ(metric("mvm_write_singles_total"), 1);
    EXPECT_EQ(metric("mvm_write_batches_total"), 1);
    EXPECT_EQ(metric("mvm_write_batch_orders_sum"), 20);
    EXPECT_EQ(metric("mvm_write_wait_seconds_count"), 20);
    EXPECT_EQ(metric("mvm_write_queue_orders"), 0);
    expect_clean_market();
}

TEST_F(CombinedWrites, of_good_and_bad_orders_are_answered_with_the_bytes_of_single_calls)
{
    const std::vector<Request> requests{
        purchase(1, 1, 2),
        purchase(1, 1, 1000),  // insufficient stock
        purchase(99, 1, 1),    // no such user
        purchase(1, 99, 1),    // no such item
        purchase(1, 1, 0),     // invalid quantity
        purchase(2, 4, 1),     // own item
        purchase(3, 3, 24),    // leaves user 3 with less than the next one wants
        purchase(3, 2, 50),    // insufficient balance
        purchase(1, 2, 3),     // of another universe
        purchase(1, 4, 1'000), // of another user
        exchange_of(1, "10.50", 1, 2),
        exchange_of(1, "0.30000000000000004", 1, 2),
        exchange_of(1, "1e2", 1, 3),
        exchange_of(1, "5", 1, 1),      // same universe
        exchange_of(1, "-5", 1, 2),     // invalid amount
        exchange_of(1, "0.001", 1, 2),  // less than a cent
        exchange_of(1, "1e30", 1, 2),   // out of range
        exchange_of(1, "999999", 1, 2), // insufficient balance
        exchange_of(1, "5", 1, 77),     // no such universe
        exchange_of(98, "5", 1, 2),     // no such user
    };
    std::vector<std::string> combined;
    for (const Answer &answer : answers_of_batch(requests)) {
        combined.push_back(comparable(answer));
    }
    EXPECT_EQ(metric("mvm_write_batches_total"), 2) << "one of purchases, one of exchanges";
    EXPECT_EQ(metric("mvm_write_batches_split_total"), 0);
    expect_clean_market();

    // The same orders in the same order on a fresh market, one at a time.
    TearDown();
    SetUp();
    ASSERT_EQ(buy(purchase(3, 6, 1).body).status, 200);
    std::vector<std::string> alone;
    for (const Request &request : requests) {
        alone.push_back(comparable(post(request.path, request.body)));
    }
    EXPECT_EQ(metric("mvm_write_batches_total"), 0);
    EXPECT_EQ(combined, alone);
}

// An administrator's own constraint is nothing that the market foresees: it fails the
// batch as a whole.
TEST_F(CombinedWrites, with_one_that_fails_the_batch_are_sent_one_by_one)
{
    database_->sql("ALTER TABLE mvm.item ADD CONSTRAINT item_5_is_not_for_sale"
                   " CHECK (id <> 5 OR stock = 1000000)");
    const std::vector<Answer> answers =
        answers_of_batch({purchase(1, 4, 10), purchase(1, 5, 1), purchase(1, 4, 20)});
    EXPECT_EQ(answers[0].status, 200) << answers[0].body;
    expect_problem(answers[1], 500, "internal_error",
                   "The request could not be carried out; nothing was changed");
    EXPECT_EQ(answers[2].status, 200) << answers[2].body;
    EXPECT_EQ(metric("mvm_write_batches_split_total"), 1);
    EXPECT_EQ(trades(), "3");
    expect_clean_market();
}

TEST_F(CombinedWrites, with_an_amount_that_no_array_can_hold_are_sent_one_by_one)
{
    const std::vector<Answer> answers = answers_of_batch(
        {exchange_of(1, "10", 1, 2), exchange_of(1, "1e-20000", 1, 2), exchange_of(1, "20", 1, 2)});
    EXPECT_EQ(answers[0].status, 200) << answers[0].body;
    expect_problem(answers[1], 422, "amount_out_of_range", "Amount out of range");
    EXPECT_EQ(answers[2].status, 200) << answers[2].body;
    EXPECT_EQ(metric("mvm_write_batches_split_total"), 1);
    EXPECT_EQ(database_->sql("SELECT mvm_balance(1)"), "970.00");
    expect_clean_market();
}

TEST_F(CombinedWrites, under_one_key_happen_once_within_a_batch_and_across_calls)
{
    const std::string odd_key = R"(a"b\c,{}'NULL é)";
    const Answer earlier =
        post("/api/v1/buy", purchase(1, 4, 7).body, {{"Idempotency-Key", "earlier"}});
    ASSERT_EQ(earlier.status, 200);
    const std::vector<Answer> answers = answers_of_batch({
        purchase(1, 4, 1, "twice"),
        purchase(1, 4, 1, "twice"),
        purchase(1, 4, 2, "twice"),   // another request
        purchase(1, 4, 7, "earlier"), // answered by a single call before
        purchase(1, 5, 1, odd_key),
        purchase(1, 5, 1, "NULL"),
        purchase(1, 5, 1),
    });
    EXPECT_EQ(answers[0].status, 200);
    EXPECT_EQ(answers[1].body, answers[0].body);
    expect_problem(answers[2], 422, "idempotency_mismatch",
                   "Idempotency key was used with a different request");
    EXPECT_EQ(answers[3].body, earlier.body);
    for (std::size_t at = 4; at < answers.size(); ++at) {
        EXPECT_EQ(answers[at].status, 200) << answers[at].body;
    }
    // And single calls after the batch.
    EXPECT_EQ(post("/api/v1/buy", purchase(1, 5, 1).body, {{"Idempotency-Key", odd_key}}).body,
              answers[4].body);
    EXPECT_EQ(post("/api/v1/buy", purchase(1, 5, 1).body, {{"Idempotency-Key", "NULL"}}).body,
              answers[5].body);
    EXPECT_EQ(trades(), "6") << "earlier, the first, twice once, and three of item 5";
    expect_clean_market();
}

TEST_F(CombinedWrites, drop_from_the_cache_what_the_whole_batch_changed_before_any_answer)
{
    ASSERT_TRUE(wait_for_redis());
    const std::vector<std::string> paths{"/api/v1/users/1",  "/api/v1/users/2",  "/api/v1/users/3",
                                         "/api/v1/trades/1", "/api/v1/trades/3", "/api/v1/items"};
    HeldItem held(*database_, 6);
    const auto first = occupy_writer(6);
    const auto clients = gather({purchase(1, 4, 1), purchase(3, 5, 1), exchange_of(2, "1", 2, 1)});
    std::vector<std::string> old;
    for (const std::string &path : paths) {
        get(path);
        const double hits = metric("mvm_cache_hits_total");
        old.push_back(get(path).body);
        ASSERT_EQ(metric("mvm_cache_hits_total"), hits + 1) << path;
    }
    held.release();
    // The last of the first batch to be answered may be the first to be read.
    EXPECT_EQ(clients[1]->receive().status, 200);
    for (std::size_t at = 0; at < paths.size(); ++at) {
        EXPECT_NE(get(paths[at]).body, old[at]) << paths[at];
    }
    EXPECT_EQ(clients[2]->receive().status, 200);
    EXPECT_EQ(get("/api/v1/users/2").json()["wallets"].size(), 2);
}

class ShortQueue : public CombinedWrites {
protected:
    Environment environment() const override
    {
        Environment variables = CombinedWrites::environment();
        variables["DB_WRITE_QUEUE"] = "3";
        return variables;
    }
};

TEST_F(ShortQueue, full_answers_503_with_retry_after_at_once_and_does_the_rest)
{
    HeldItem held(*database_, 6);
    const auto first = occupy_writer(6);
    const auto clients = gather({purchase(1, 4, 1), purchase(1, 4, 1), purchase(1, 4, 1)});
    for (const Request &request : {purchase(1, 4, 1), exchange_of(1, "5", 1, 2)}) {
        const Answer refused = post(request.path, request.body);
        expect_problem(refused, 503, "unavailable", "Too many writes are waiting");
        EXPECT_TRUE(refused.headers.contains("retry-after"));
    }
    EXPECT_EQ(metric("mvm_write_queue_full_total"), 2);
    held.release();
    EXPECT_EQ(first->receive().status, 200);
    for (const auto &client : clients) {
        EXPECT_EQ(client->receive().status, 200);
    }
    EXPECT_EQ(trades(), "4");
}

TEST_F(CombinedWrites, are_carried_out_though_a_client_has_gone_away)
{
    HeldItem held(*database_, 6);
    const auto first = occupy_writer(6);
    auto clients = gather({purchase(1, 4, 1), purchase(1, 4, 2), purchase(1, 4, 3)});
    clients[1].reset();
    held.release();
    EXPECT_EQ(clients[0]->receive().status, 200);
    EXPECT_EQ(clients[2]->receive().status, 200);
    EXPECT_EQ(trades(), "4");
}

TEST_F(CombinedWrites, whose_connection_is_lost_are_repeated_with_a_key_and_unknown_without)
{
    HeldItem in_front(*database_, 6);
    HeldItem held(*database_, 4);
    const auto first = occupy_writer(6);
    const auto clients = gather(
        {purchase(1, 4, 1), purchase(1, 4, 1, "a"), purchase(1, 5, 1), purchase(3, 4, 1, "b")});
    in_front.release();
    EXPECT_EQ(first->receive().status, 200);
    lose_waiting_backend();
    for (const std::size_t keyless : {0U, 2U}) {
        expect_unknown(clients[keyless]->receive());
    }
    held.release();
    for (const std::size_t keyed : {1U, 3U}) {
        const Answer done = clients[keyed]->receive();
        EXPECT_EQ(done.status, 200) << done.body;
    }
    EXPECT_EQ(trades(), "3");
    expect_clean_market();
}

// PostgreSQL ends a call that is in the way of others with one of two errors, and
// rolls it back. Here a trigger of the owner's does so, when a call with an order
// of user 2 has written its rows; what it counts in a sequence no rollback undoes.
class ConflictingWrites : public CombinedWrites,
                          public ::testing::WithParamInterface<const char *> {
protected:
    // Each call with an order of user 2 fails `times` times before it goes through.
    void conflict(int times)
    {
        database_->sql("CREATE SEQUENCE public.attempt");
        database_->sql("CREATE FUNCTION public.conflict() RETURNS trigger"
                       " LANGUAGE plpgsql SECURITY DEFINER AS $$"
                       " BEGIN IF nextval('public.attempt') % " +
                       std::to_string(times + 1) +
                       " <> 0 THEN RAISE 'in the way of others' USING ERRCODE = '" + GetParam() +
                       "'; END IF; RETURN NULL; END $$");
        database_->sql("CREATE TRIGGER conflict AFTER INSERT ON mvm.journal FOR EACH ROW"
                       " WHEN (NEW.user_id = 2) EXECUTE FUNCTION public.conflict()");
    }
    void end_conflict()
    {
        database_->sql("DROP FUNCTION public.conflict() CASCADE");
        database_->sql("DROP SEQUENCE public.attempt");
    }
    int attempts() { return std::stoi(database_->sql("SELECT last_value FROM public.attempt")); }

    void expect_too_many_others(const Answer &answer)
    {
        expect_problem(answer, 503, "unavailable",
                       "Too many others are changing the same rows; nothing was changed");
        EXPECT_TRUE(answer.headers.contains("retry-after"));
    }

    std::string sold(int item)
    {
        return database_->sql("SELECT coalesce(sum(quantity), 0) FROM mvm.trades WHERE item_id = " +
                              std::to_string(item));
    }
    std::string exchanges()
    {
        return database_->sql("SELECT count(*) FROM mvm.transactions WHERE kind = 'exchange'");
    }
    std::string keys() { return database_->sql("SELECT count(*) FROM mvm.idempotency_key"); }

    static constexpr int always = 1'000'000;
};

INSTANTIATE_TEST_SUITE_P(, ConflictingWrites, ::testing::Values("40001", "40P01"),
                         [](const auto &parameter) { return parameter.param; });

TEST_P(ConflictingWrites, of_a_whole_batch_are_repeated_and_each_gets_its_own_answer)
{
    conflict(3);
    const std::vector<Answer> answers = answers_of_batch({
        purchase(1, 4, 10), purchase(1, 4, 5, "key"), purchase(1, 99, 1), // no such item
        purchase(2, 1, 2), // whose call fails three times
        purchase(3, 5, 20), exchange_of(1, "10", 1, 2),
        exchange_of(1, "999999", 1, 2), // insufficient balance
        exchange_of(2, "50", 2, 1),     // as above
    });
    for (const std::size_t at : {0U, 1U, 3U, 4U, 5U, 7U}) {
        EXPECT_EQ(answers[at].status, 200) << answers[at].body;
    }
    EXPECT_EQ(answers[0].json()["quantity"], 10);
    EXPECT_EQ(answers[1].json()["quantity"], 5);
    expect_problem(answers[2], 404, "item_not_found", "Item not found");
    EXPECT_EQ(answers[3].json()["buyer_id"], 2);
    EXPECT_EQ(answers[4].json()["buyer_id"], 3);
    EXPECT_EQ(answers[5].json()["converted_amount"], 25);
    expect_problem(answers[6], 400, "insufficient_balance", "Insufficient balance");
    EXPECT_EQ(answers[7].json()["converted_amount"], 20);

    EXPECT_EQ(attempts(), 2 * 4) << "of a batch of purchases and of one of exchanges";
    EXPECT_EQ(metric("mvm_write_batches_total"), 2);
    EXPECT_EQ(metric("mvm_write_batches_split_total"), 0);
    EXPECT_EQ(metric("mvm_write_singles_total"), 1);
    EXPECT_EQ(trades(), "5") << "four and the one in front";
    EXPECT_EQ(sold(4), "15");
    EXPECT_EQ(sold(1), "2");
    EXPECT_EQ(sold(5), "20");
    EXPECT_EQ(exchanges(), "2");
    EXPECT_EQ(keys(), "1");
    expect_clean_market();
}

TEST_P(ConflictingWrites, of_a_whole_batch_that_go_on_so_are_answered_503_and_leave_nothing)
{
    conflict(always);
    const std::vector<Request> purchases{purchase(1, 4, 10), purchase(2, 1, 2, "key"),
                                         purchase(1, 99, 1)};
    const std::vector<Request> all{purchases[0], purchases[1], purchases[2],
                                   exchange_of(1, "10", 1, 2), exchange_of(2, "50", 2, 1)};
    for (const Answer &answer : answers_of_batch(all)) {
        expect_too_many_others(answer);
    }
    EXPECT_EQ(attempts(), 2 * limits::serialization_attempts);
    EXPECT_EQ(metric("mvm_write_batches_split_total"), 0);
    EXPECT_EQ(trades(), "1") << "the one in front";
    EXPECT_EQ(exchanges(), "0");
    EXPECT_EQ(keys(), "0");
    expect_clean_market();

    end_conflict();
    const std::vector<Answer> answers = answers_of_batch(purchases);
    EXPECT_EQ(answers[0].status, 200) << answers[0].body;
    EXPECT_EQ(answers[1].status, 200) << answers[1].body;
    EXPECT_EQ(answers[2].status, 404) << answers[2].body;
    EXPECT_EQ(trades(), "4") << "two more, and another in front";
    expect_clean_market();
}

TEST_P(ConflictingWrites, of_an_order_alone_are_repeated_and_answered_503_when_they_go_on)
{
    conflict(limits::serialization_attempts - 1);
    const Request request = purchase(2, 1, 2);
    EXPECT_EQ(post(request.path, request.body).status, 200);
    EXPECT_EQ(attempts(), limits::serialization_attempts);
    end_conflict();

    conflict(always);
    expect_too_many_others(post(request.path, request.body));
    EXPECT_EQ(attempts(), limits::serialization_attempts);
    EXPECT_EQ(trades(), "1");
    EXPECT_EQ(metric("mvm_write_batches_total"), 0);
    expect_clean_market();
}

// An earlier call may have done what the repeated one was kept from doing.
TEST_P(ConflictingWrites, of_a_lost_batch_that_is_repeated_leave_its_outcome_unknown)
{
    conflict(always);
    HeldItem in_front(*database_, 6);
    HeldItem held(*database_, 1);
    const auto first = occupy_writer(6);
    const std::vector<Request> requests{purchase(1, 4, 1, "a"), purchase(2, 1, 1, "b")};
    const auto clients = gather(requests);
    in_front.release();
    EXPECT_EQ(first->receive().status, 200);
    lose_waiting_backend();
    held.release();
    for (const auto &client : clients) {
        expect_unknown(client->receive());
    }
    EXPECT_EQ(attempts(), limits::serialization_attempts);
    end_conflict();
    for (const Request &request : requests) {
        EXPECT_EQ(post(request.path, request.body, request.headers).status, 200);
    }
    EXPECT_EQ(trades(), "3");
    expect_clean_market();
}

TEST_F(CombinedWrites, of_a_lost_batch_that_fails_when_repeated_are_known_or_unknown_one_by_one)
{
    database_->sql("ALTER TABLE mvm.item ADD CONSTRAINT item_5_is_not_for_sale"
                   " CHECK (id <> 5 OR stock = 1000000)");
    HeldItem in_front(*database_, 6);
    HeldItem held(*database_, 4);
    const auto first = occupy_writer(6);
    const auto clients = gather({purchase(1, 4, 1, "a"), purchase(1, 5, 1, "b")});
    in_front.release();
    EXPECT_EQ(first->receive().status, 200);
    lose_waiting_backend();
    held.release();
    const Answer done = clients[0]->receive();
    EXPECT_EQ(done.status, 200) << done.body;
    expect_unknown(clients[1]->receive());
    EXPECT_EQ(metric("mvm_write_batches_split_total"), 1);
    EXPECT_EQ(trades(), "2");
    expect_clean_market();
}

TEST_F(CombinedWrites, accepted_before_sigterm_are_answered_before_the_end)
{
    HeldItem held(*database_, 6);
    const auto first = occupy_writer(6);
    std::vector<Request> requests(16, purchase(1, 4, 1));
    const auto clients = gather(requests);
    gateway_->signal(SIGTERM);
    ASSERT_TRUE(
        eventually([this] { return gateway_->log().find("\"stopping\"") != std::string::npos; }));
    held.release();
    EXPECT_EQ(first->receive().status, 200);
    for (const auto &client : clients) {
        EXPECT_EQ(client->receive().status, 200);
    }
    EXPECT_EQ(gateway_->wait(), 0);
    EXPECT_EQ(trades(), "17");
    expect_clean_market();
}

class CombinedWritesUnderLoad : public CombinedWrites {
protected:
    // As it is when nobody tells otherwise.
    // NOLINTNEXTLINE(bugprone-parent-virtual-call): what the parent changes is not wanted here
    Environment environment() const override { return RestTest::environment(); }
};

TEST_F(CombinedWritesUnderLoad, survive_postgresql_killed_with_one_trade_for_each_key)
{
    constexpr int clients_count = 32;
    constexpr int purchases_before = 500; // the kill
    constexpr int purchases_after = 500;  // the start
    const ServerRunsAgain guard("postgres");
    database_->sql("SELECT mvm_deposit(id, 1000000) FROM mvm.users");
    std::atomic<int> done{0};
    std::atomic<int> unavailable{0};
    std::atomic<bool> finished{false};
    std::mutex mutex;
    std::vector<std::string> others;
    const auto trade = [&](int number) {
        Client client(gateway_->port());
        for (int count = 0; !finished; ++count) {
            const std::string key = std::to_string(number) + "-" + std::to_string(count);
            const Request request = purchase(number % 2 == 0 ? 1 : 3, 4 + count % 3, 1, key);
            for (;;) {
                const Answer answer = client.post(request.path, request.body, request.headers);
                if (answer.status == 200) {
                    ++done;
                    break;
                }
                if (answer.status != 503 || !answer.headers.contains("retry-after")) {
                    const std::lock_guard lock(mutex);
                    others.push_back(answer.body);
                    break;
                }
                ++unavailable;
                // As Retry-After asks, though not for so long.
                std::this_thread::sleep_for(std::chrono::milliseconds(20));
            }
        }
    };
    std::vector<std::thread> clients;
    for (int number = 0; number < clients_count; ++number) {
        clients.emplace_back(trade, number);
    }
    EXPECT_TRUE(eventually([&] { return done > purchases_before; }));
    control_server("postgres", "kill");
    EXPECT_TRUE(eventually([&] { return unavailable > 0; }));
    control_server("postgres", "start");
    const int done_at_start = done;
    EXPECT_TRUE(eventually([&] { return done > done_at_start + purchases_after; }));
    finished = true;
    for (std::thread &client : clients) {
        client.join();
    }
    EXPECT_TRUE(others.empty()) << others.size() << ", the first: " << others.front();
    EXPECT_GT(metric("mvm_write_batches_total"), 0);
    EXPECT_EQ(trades(), std::to_string(done));
    EXPECT_EQ(database_->sql("SELECT count(DISTINCT key) FROM mvm.idempotency_key"), trades());
    expect_clean_market();
}

} // namespace
} // namespace mvm::gateway::test
