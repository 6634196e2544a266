#include "hold_sweeper.hpp"

#include "json_request.hpp"
#include "limits.hpp"
#include "log.hpp"

namespace mvm::gateway {

HoldSweeper::HoldSweeper(WriteBatcher &writes, std::chrono::seconds interval)
    : writes_(writes), interval_(interval)
{
    if (interval_.count() > 0) {
        thread_ = std::thread([this] { run(); });
    }
}

HoldSweeper::~HoldSweeper()
{
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    stopping_now_.notify_all();
    if (thread_.joinable()) {
        thread_.join();
    }
}

void HoldSweeper::run()
{
    std::unique_lock lock(mutex_);
    while (!stopping_now_.wait_for(lock, interval_, [this] { return stopping_; })) {
        lock.unlock();
        const bool again = sweep();
        lock.lock();
        if (!again) {
            return;
        }
    }
}

// Several gateways may sweep at once: each hold is released by one of them.
bool HoldSweeper::sweep()
{
    try {
        const int swept = writes_.write(HoldSweep{limits::swept_holds}).holds;
        if (swept > 0) {
            log(LogLevel::info,
                LogLine("holds past their time released").field("holds", std::int64_t{swept}));
        }
    } catch (const Refused &refused) {
        log(LogLevel::warning,
            LogLine("holds are not swept by this gateway").field("reason", refused.problem.detail));
        return false;
    } catch (const DatabaseFailure &) {
        // PostgreSQL is away or busy, which has been logged. The next sweep tries again.
    } catch (const std::exception &error) {
        log(LogLevel::error, LogLine("sweeping holds failed").field("error", error.what()));
    }
    return true;
}

} // namespace mvm::gateway
