// Writes down, every so often, the release of holds past their time. They count as released for
// everyone who asks the market, but bodies that Redis kept from before still show them as active;
// a sweep that finds any drops these.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "write_batcher.hpp"

namespace mvm::gateway {

class HoldSweeper {
public:
    // Zero: never. Ends by itself when the gateway's role may not sweep.
    HoldSweeper(WriteBatcher &writes, std::chrono::seconds interval);
    ~HoldSweeper();
    HoldSweeper(const HoldSweeper &) = delete;
    HoldSweeper &operator=(const HoldSweeper &) = delete;

private:
    void run();
    bool sweep(); // false: never again

    WriteBatcher &writes_;
    const std::chrono::seconds interval_;
    std::mutex mutex_;
    std::condition_variable stopping_now_;
    bool stopping_ = false;
    std::thread thread_;
};

} // namespace mvm::gateway
