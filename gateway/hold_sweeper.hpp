// Releases holds past their time, every few seconds. The market counts them as released anyway, but
// bodies in Redis from before still show them as active: a sweep that releases any drops those.
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
