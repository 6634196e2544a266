// Concurrent writes, combined. A write that finds a writing connection free
// and nobody waiting is sent at once, in the thread of its request. Otherwise
// it waits, and when a connection comes free everything of its kind that has
// gathered goes out as one batch call: one commit for all. The busier the
// market, the larger the batches.
//
// A writer takes the oldest kind, whatever its rows. Two batches over the same
// rows wait for each other's commit. Cutting by item to prevent that would give
// a market of one hot item to one writer, which 64 connections measured about a
// tenth ahead of two, and would not part the rest: a purchase takes an item and
// up to two wallets. On uniform items two writers are mostly ahead, as one's
// commit overlaps the other's work.
//
// Writes that have no batch call take their turn in the same line, one by one.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

#include "cache.hpp"
#include "database.hpp"
#include "metrics.hpp"

namespace mvm::gateway {

class WriteBatcher {
public:
    struct Metrics {
        Counter singles{0};    // calls of one order
        Counter batches{0};    // batch calls, repetitions not counted
        Counter splits{0};     // batches refused as a whole and sent order by order
        Counter queue_full{0}; // orders turned away
        SizeHistogram batch_orders;
        DurationHistogram wait_us; // of orders that waited
    };

    // `writers`: how many calls may be under way at once, each on a connection
    // of `database`. `queue_orders`: how many orders may wait.
    WriteBatcher(Database &database, Cache &cache, int writers, std::size_t queue_orders);
    // Carries out what still waits.
    ~WriteBatcher();
    WriteBatcher(const WriteBatcher &) = delete;
    WriteBatcher &operator=(const WriteBatcher &) = delete;

    // Carries out the order and returns once it is committed and the cache no
    // longer holds what it changed. The answer is that of the order alone,
    // whatever else was in its batch. Throws Refused, or DatabaseFailure: an
    // order whose connection was lost while it was under way is repeated when
    // it has a key, and otherwise its outcome is unknown.
    Purchase write(PurchaseOrder order);
    Exchange write(ExchangeOrder order);
    WrittenRow write(NewUniverse universe);
    WrittenRow write(UniverseChange change);
    WrittenRow write(RouteChange change);
    WrittenRow write(NewUser user);
    WrittenRow write(UserChange change);
    WrittenItem write(NewItem item);
    WrittenItem write(ItemChange change);
    WrittenTransaction write(Restock restock);
    WrittenTransaction write(Transfer transfer);
    WrittenTransaction write(Refund refund);
    WrittenRow write(CashOrder order);
    WrittenHold write(NewHold hold);
    WrittenHold write(HoldRelease release);
    CapturedHold write(HoldCapture capture);
    // Everything is dropped from the cache when it releases any.
    HoldSweep::Receipt write(HoldSweep sweep);
    WrittenRow write(NewQuote quote);
    AcceptedQuote write(QuoteAcceptance acceptance);

    std::size_t queued() const;
    const Metrics &metrics() const { return metrics_; }

private:
    template <typename Order> struct Waiting {
        Order order;
        std::promise<typename Order::Receipt> answer;
        std::chrono::steady_clock::time_point since;
    };
    // A write that has no batch call.
    struct WaitingAlone {
        std::function<void()> carry_out;
        std::chrono::steady_clock::time_point since;
    };
    template <typename Order> using Queue = std::deque<Waiting<Order>>;
    template <typename Order> using Batch = std::vector<Waiting<Order>>;
    class Slot;

    template <typename Order> typename Order::Receipt submit(Queue<Order> &queue, Order order);
    template <typename Order> typename Order::Receipt submit_alone(Order order);
    void require_room();
    void run_writer();
    template <typename Order>
    void write_gathered(Queue<Order> &queue, std::unique_lock<std::mutex> &lock);
    void write_next_alone(std::unique_lock<std::mutex> &lock);
    void observe_wait(std::chrono::steady_clock::time_point since);
    bool may_take() const;
    bool may_go_at_once() const { return waiting() == 0 && busy_ < writers_; }
    std::size_t waiting() const { return purchases_.size() + exchanges_.size() + alone_.size(); }

    template <typename Order>
    typename Order::Receipt write_alone(const Order &order, bool repeated);
    template <typename Order> void write_one_by_one(Batch<Order> &batch, bool repeated);
    template <typename Order> void write_together(Batch<Order> &batch, bool repeated);
    template <typename Order> void repeat_keyed(Batch<Order> &batch, const DatabaseFailure &loss);

    Database &database_;
    Cache &cache_;
    const int writers_;
    const std::size_t queue_orders_;
    Metrics metrics_;

    mutable std::mutex mutex_;
    std::condition_variable work_or_stopping_;
    Queue<PurchaseOrder> purchases_;
    Queue<ExchangeOrder> exchanges_;
    std::deque<WaitingAlone> alone_;
    int busy_ = 0; // calls under way
    bool stopping_ = false;
    std::vector<std::thread> threads_;
};

} // namespace mvm::gateway
