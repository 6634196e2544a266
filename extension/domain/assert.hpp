// Assertions: what must be true whatever a caller does. They run in a checked build (MVM_CHECKED,
// which tests/checked makes) and cost nothing in any other.
#pragma once

namespace mvm::domain {

// Says so on standard error, which is the server's log in a backend, and aborts.
[[noreturn]] void assertion_failed(const char *condition, const char *file, int line) noexcept;

} // namespace mvm::domain

#ifdef MVM_CHECKED
#define MVM_ASSERT(condition)                                                                      \
    ((condition) ? void() : mvm::domain::assertion_failed(#condition, __FILE__, __LINE__))
#else
// Compiled, so that it cannot fall out of date, but never evaluated.
#define MVM_ASSERT(condition) static_cast<void>(sizeof((condition) ? 1 : 0))
#endif
