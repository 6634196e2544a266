#include "write_batcher.hpp"

#include <algorithm>
#include <iterator>

#include "json_request.hpp"
#include "limits.hpp"
#include "log.hpp"

namespace mvm::gateway {

using std::chrono::steady_clock;

namespace {

void add_item(std::vector<std::string> &changed, std::string_view item_id,
              std::string_view universe_id)
{
    changed.insert(changed.end(), {groups::item(item_id), std::string(groups::all_items),
                                   groups::items_of(universe_id)});
}

// The cache's groups that an order has changed.
void add_changed(std::vector<std::string> &changed, const PurchaseOrder &order,
                 const Purchase &purchase)
{
    changed.insert(changed.end(),
                   {groups::user(order.buyer_id), groups::trades_of(order.buyer_id)});
    add_item(changed, order.item_id, purchase.universe_id);
    if (!purchase.seller_id.empty()) {
        changed.push_back(groups::user(purchase.seller_id));
        changed.push_back(groups::trades_of(purchase.seller_id));
    }
}

void add_changed(std::vector<std::string> &changed, const ExchangeOrder &order, const Exchange &)
{
    changed.push_back(groups::user(order.user_id));
}

void add_changed(std::vector<std::string> &changed, const NewUniverse &, const WrittenRow &)
{
    changed.emplace_back(groups::universes);
}

void add_changed(std::vector<std::string> &changed, const UniverseChange &, const WrittenRow &)
{
    changed.emplace_back(groups::universes);
}

// Nothing: routes are not in the cache.
void add_changed(std::vector<std::string> &, const RouteChange &, const WrittenRow &) {}

// Nothing: what does not exist is not in the cache, and users are in no list.
void add_changed(std::vector<std::string> &, const NewUser &, const WrittenRow &) {}

void add_changed(std::vector<std::string> &changed, const UserChange &change, const WrittenRow &)
{
    changed.push_back(groups::user(change.user_id));
}

void add_changed(std::vector<std::string> &changed, const NewItem &, const WrittenItem &item)
{
    add_item(changed, item.id, item.universe_id);
}

void add_changed(std::vector<std::string> &changed, const ItemChange &, const WrittenItem &item)
{
    add_item(changed, item.id, item.universe_id);
}

void add_changed(std::vector<std::string> &changed, const Restock &, const WrittenTransaction &row)
{
    add_item(changed, row.item_id, row.universe_id);
}

// Buyer or sender, and seller or receiver.
void add_both_users(std::vector<std::string> &changed, const WrittenTransaction &row)
{
    for (const std::string &user_id : {row.user_id, row.counterparty_id}) {
        if (!user_id.empty()) {
            changed.push_back(groups::user(user_id));
        }
    }
}

void add_changed(std::vector<std::string> &changed, const Transfer &, const WrittenTransaction &row)
{
    add_both_users(changed, row);
}

// Trades stay as they were made.
void add_changed(std::vector<std::string> &changed, const Refund &, const WrittenTransaction &row)
{
    add_both_users(changed, row);
    add_item(changed, row.item_id, row.universe_id);
}

void add_changed(std::vector<std::string> &changed, const CashOrder &order, const WrittenRow &)
{
    changed.push_back(groups::user(order.user_id));
}

void add_changed(std::vector<std::string> &changed, const NewHold &, const WrittenHold &hold)
{
    changed.push_back(groups::user(hold.buyer_id));
    add_item(changed, hold.item_id, hold.universe_id);
}

void add_changed(std::vector<std::string> &changed, const HoldRelease &, const WrittenHold &hold)
{
    changed.push_back(groups::user(hold.buyer_id));
    add_item(changed, hold.item_id, hold.universe_id);
}

void add_changed(std::vector<std::string> &changed, const HoldCapture &, const CapturedHold &hold)
{
    for (const std::string &user_id : {hold.buyer_id, hold.seller_id}) {
        if (!user_id.empty()) {
            changed.insert(changed.end(), {groups::user(user_id), groups::trades_of(user_id)});
        }
    }
    add_item(changed, hold.item_id, hold.universe_id);
}

// Nothing by name: the sweep does not say whose holds they were.
void add_changed(std::vector<std::string> &, const HoldSweep &, const HoldSweep::Receipt &) {}

// Nothing: a quote moves no money.
void add_changed(std::vector<std::string> &, const NewQuote &, const WrittenRow &) {}

void add_changed(std::vector<std::string> &changed, const QuoteAcceptance &,
                 const AcceptedQuote &quote)
{
    changed.push_back(groups::user(quote.user_id));
}

// All of a batch in one command of Redis.
template <typename Waiting, typename Answer>
void drop_changed(Cache &cache, const std::vector<Waiting> &batch,
                  const std::vector<Answer> &answers)
{
    std::vector<std::string> changed;
    for (std::size_t at = 0; at < batch.size(); ++at) {
        if (const auto *receipt = std::get_if<0>(&answers[at])) {
            add_changed(changed, batch[at].order, *receipt);
        }
    }
    std::sort(changed.begin(), changed.end());
    changed.erase(std::unique(changed.begin(), changed.end()), changed.end());
    if (!changed.empty()) {
        cache.drop(changed);
    }
}

// Only writes that have a batch call are ever sent again by the queue.
template <typename Order> auto send(Database &database, const Order &order, bool repeated)
{
    if constexpr (requires { database.write(order, repeated); }) {
        return database.write(order, repeated);
    } else {
        return database.write(order);
    }
}

template <typename Waiting, typename Answer>
void give_answers(std::vector<Waiting> &batch, std::vector<Answer> &answers)
{
    for (std::size_t at = 0; at < batch.size(); ++at) {
        if (auto *receipt = std::get_if<0>(&answers[at])) {
            batch[at].answer.set_value(std::move(*receipt));
        } else {
            batch[at].answer.set_exception(
                std::make_exception_ptr(Refused{std::get<Problem>(std::move(answers[at]))}));
        }
    }
}

template <typename Waiting>
void fail_all(std::vector<Waiting> &batch, const std::exception_ptr &failure)
{
    for (Waiting &waiting : batch) {
        waiting.answer.set_exception(failure);
    }
}

} // namespace

// ---------------------------------------------------------------------------
// The queue
// ---------------------------------------------------------------------------

// One of the calls that may be under way, from busy_ having been raised to its
// end, when the next in line is told. Taken and given back under mutex_.
class WriteBatcher::Slot {
public:
    explicit Slot(WriteBatcher &batcher) : batcher_(batcher) { ++batcher_.busy_; }
    ~Slot()
    {
        const std::lock_guard lock(batcher_.mutex_);
        --batcher_.busy_;
        if (batcher_.waiting() > 0) {
            batcher_.work_or_stopping_.notify_one();
        }
    }
    Slot(const Slot &) = delete;
    Slot &operator=(const Slot &) = delete;

private:
    WriteBatcher &batcher_;
};

WriteBatcher::WriteBatcher(Database &database, Cache &cache, int writers, std::size_t queue_orders)
    : database_(database), cache_(cache), writers_(writers), queue_orders_(queue_orders)
{
    for (int writer = 0; writer < writers; ++writer) {
        threads_.emplace_back([this] { run_writer(); });
    }
}

WriteBatcher::~WriteBatcher()
{
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    work_or_stopping_.notify_all();
    for (std::thread &thread : threads_) {
        thread.join();
    }
}

Purchase WriteBatcher::write(PurchaseOrder order)
{
    return order.pay_from ? submit_alone(std::move(order)) : submit(purchases_, std::move(order));
}

Exchange WriteBatcher::write(ExchangeOrder order)
{
    return submit(exchanges_, std::move(order));
}

WrittenRow WriteBatcher::write(NewUniverse universe)
{
    return submit_alone(std::move(universe));
}

WrittenRow WriteBatcher::write(UniverseChange change)
{
    return submit_alone(std::move(change));
}

WrittenRow WriteBatcher::write(RouteChange change)
{
    return submit_alone(std::move(change));
}

WrittenRow WriteBatcher::write(NewUser user)
{
    return submit_alone(std::move(user));
}

WrittenRow WriteBatcher::write(UserChange change)
{
    return submit_alone(std::move(change));
}

WrittenItem WriteBatcher::write(NewItem item)
{
    return submit_alone(std::move(item));
}

WrittenItem WriteBatcher::write(ItemChange change)
{
    return submit_alone(std::move(change));
}

WrittenTransaction WriteBatcher::write(Restock restock)
{
    return submit_alone(std::move(restock));
}

WrittenTransaction WriteBatcher::write(Transfer transfer)
{
    return submit_alone(std::move(transfer));
}

WrittenTransaction WriteBatcher::write(Refund refund)
{
    return submit_alone(std::move(refund));
}

WrittenRow WriteBatcher::write(CashOrder order)
{
    return submit_alone(std::move(order));
}

WrittenHold WriteBatcher::write(NewHold hold)
{
    return submit_alone(std::move(hold));
}

WrittenHold WriteBatcher::write(HoldRelease release)
{
    return submit_alone(std::move(release));
}

CapturedHold WriteBatcher::write(HoldCapture capture)
{
    return submit_alone(std::move(capture));
}

HoldSweep::Receipt WriteBatcher::write(HoldSweep sweep)
{
    const HoldSweep::Receipt swept = submit_alone(std::move(sweep));
    if (swept.holds > 0) {
        cache_.drop_everything();
    }
    return swept;
}

WrittenRow WriteBatcher::write(NewQuote quote)
{
    return submit_alone(std::move(quote));
}

AcceptedQuote WriteBatcher::write(QuoteAcceptance acceptance)
{
    return submit_alone(std::move(acceptance));
}

std::size_t WriteBatcher::queued() const
{
    const std::lock_guard lock(mutex_);
    return waiting();
}

template <typename Order>
typename Order::Receipt WriteBatcher::submit(Queue<Order> &queue, Order order)
{
    std::unique_lock lock(mutex_);
    if (may_go_at_once()) {
        const Slot slot(*this);
        lock.unlock();
        return write_alone(order, false);
    }
    require_room();
    queue.push_back({std::move(order), {}, steady_clock::now()});
    auto answer = queue.back().answer.get_future();
    lock.unlock();
    // No notification: a writer was notified when a call ended, or will be.
    return answer.get();
}

template <typename Order> typename Order::Receipt WriteBatcher::submit_alone(Order order)
{
    std::unique_lock lock(mutex_);
    if (may_go_at_once()) {
        const Slot slot(*this);
        lock.unlock();
        return write_alone(order, false);
    }
    require_room();
    // Shared: the writer may still be leaving it when the answer has been taken.
    const auto task = std::make_shared<std::packaged_task<typename Order::Receipt()>>(
        [this, order = std::move(order)] { return write_alone(order, false); });
    auto answer = task->get_future();
    alone_.push_back({[task] { (*task)(); }, steady_clock::now()});
    lock.unlock();
    return answer.get();
}

void WriteBatcher::require_room()
{
    if (waiting() >= queue_orders_) {
        metrics_.queue_full.fetch_add(1);
        throw DatabaseFailure{problems::unavailable(
            "Too many writes are waiting; nothing was changed, try again", 1)};
    }
}

bool WriteBatcher::may_take() const
{
    return waiting() > 0 && busy_ < writers_;
}

void WriteBatcher::run_writer()
{
    std::unique_lock lock(mutex_);
    for (;;) {
        work_or_stopping_.wait(lock, [this] { return may_take() || stopping_; });
        if (!may_take()) {
            return; // stopping; the threads that are still busy carry out what waits
        }
        const auto oldest = [](const auto &queue) {
            return queue.empty() ? steady_clock::time_point::max() : queue.front().since;
        };
        const auto purchase = oldest(purchases_);
        const auto exchange = oldest(exchanges_);
        const auto alone = oldest(alone_);
        if (purchase <= exchange && purchase <= alone) {
            write_gathered(purchases_, lock);
        } else if (exchange <= alone) {
            write_gathered(exchanges_, lock);
        } else {
            write_next_alone(lock);
        }
    }
}

template <typename Order>
void WriteBatcher::write_gathered(Queue<Order> &queue, std::unique_lock<std::mutex> &lock)
{
    const auto end =
        queue.begin() + static_cast<std::ptrdiff_t>(std::min(queue.size(), limits::batch_orders));
    Batch<Order> batch(std::make_move_iterator(queue.begin()), std::make_move_iterator(end));
    queue.erase(queue.begin(), end);
    {
        const Slot slot(*this);
        if (may_take()) {
            work_or_stopping_.notify_one();
        }
        lock.unlock();
        for (const Waiting<Order> &waiting : batch) {
            observe_wait(waiting.since);
        }
        if (batch.size() == 1) {
            write_one_by_one(batch, false);
        } else {
            metrics_.batches.fetch_add(1);
            metrics_.batch_orders.observe(static_cast<std::int64_t>(batch.size()));
            write_together(batch, false);
        }
    }
    lock.lock();
}

void WriteBatcher::write_next_alone(std::unique_lock<std::mutex> &lock)
{
    const WaitingAlone next = std::move(alone_.front());
    alone_.pop_front();
    {
        const Slot slot(*this);
        if (may_take()) {
            work_or_stopping_.notify_one();
        }
        lock.unlock();
        observe_wait(next.since);
        next.carry_out();
    }
    lock.lock();
}

void WriteBatcher::observe_wait(steady_clock::time_point since)
{
    metrics_.wait_us.observe(
        std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - since).count());
}

// ---------------------------------------------------------------------------
// The database
// ---------------------------------------------------------------------------

// Sends the order and makes sure that the cache is right before it is answered:
// rid of what the order changed, or of everything when nobody knows. `repeated`,
// here and below: an earlier call may have carried it out.
template <typename Order>
typename Order::Receipt WriteBatcher::write_alone(const Order &order, bool repeated)
{
    metrics_.singles.fetch_add(1);
    try {
        auto receipt = send(database_, order, repeated);
        std::vector<std::string> changed;
        add_changed(changed, order, receipt);
        if (!changed.empty()) {
            cache_.drop(changed);
        }
        return receipt;
    } catch (const DatabaseFailure &failure) {
        if (failure.outcome_unknown) {
            cache_.drop_everything();
        }
        throw;
    }
}

template <typename Order> void WriteBatcher::write_one_by_one(Batch<Order> &batch, bool repeated)
{
    for (Waiting<Order> &waiting : batch) {
        try {
            waiting.answer.set_value(write_alone(waiting.order, repeated));
        } catch (...) {
            waiting.answer.set_exception(std::current_exception());
        }
    }
}

// Sends the batch and answers each of its orders, also when it fails.
template <typename Order> void WriteBatcher::write_together(Batch<Order> &batch, bool repeated)
{
    std::vector<BatchAnswer<Order>> answers;
    try {
        std::vector<Order> orders;
        orders.reserve(batch.size());
        for (const Waiting<Order> &waiting : batch) {
            orders.push_back(waiting.order);
        }
        answers = database_.write_batch(orders, repeated);
        drop_changed(cache_, batch, answers);
    } catch (const DatabaseFailure &failure) {
        if (failure.outcome_unknown && !repeated) {
            cache_.drop_everything();
            return repeat_keyed(batch, failure);
        }
        if (failure.sql_error) {
            metrics_.splits.fetch_add(1);
            return write_one_by_one(batch, repeated);
        }
        if (failure.outcome_unknown) {
            cache_.drop_everything();
        }
        return fail_all(batch, std::current_exception());
    } catch (const Refused &refused) {
        // PostgreSQL has rolled the batch back, and alone each order gets the
        // answer that is its own.
        log(LogLevel::info,
            LogLine("batch refused as a whole").field("detail", refused.problem.detail));
        metrics_.splits.fetch_add(1);
        return write_one_by_one(batch, repeated);
    } catch (...) {
        return fail_all(batch, std::current_exception());
    }
    give_answers(batch, answers);
}

// After a connection was lost with the batch under way: orders with keys are
// sent again, which cannot do them twice; for the others `loss` is the answer.
template <typename Order>
void WriteBatcher::repeat_keyed(Batch<Order> &batch, const DatabaseFailure &loss)
{
    const auto keyless =
        std::stable_partition(batch.begin(), batch.end(), [](const Waiting<Order> &waiting) {
            return waiting.order.idempotency_key.has_value();
        });
    Batch<Order> lost(std::make_move_iterator(keyless), std::make_move_iterator(batch.end()));
    batch.erase(keyless, batch.end());
    fail_all(lost, std::make_exception_ptr(loss));
    if (!batch.empty()) {
        write_together(batch, true);
    }
}

} // namespace mvm::gateway
