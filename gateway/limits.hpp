// Every fixed limit of the gateway, in one place. Sizes in bytes, times in the unit of the name.
#pragma once

#include <cstddef>

namespace mvm::gateway::limits {

// What one client may send.
inline constexpr std::size_t request_line_bytes = 8 * 1024;
inline constexpr std::size_t head_bytes = 16 * 1024; // request line and headers
inline constexpr std::size_t header_count = 64;
inline constexpr std::size_t body_bytes = 64 * 1024;
inline constexpr std::size_t json_depth = 16;
inline constexpr std::size_t idempotency_key_characters = 255;
inline constexpr int page_rows_default = 100;
inline constexpr int page_rows_max = 1000;
inline constexpr int ttl_max_s = 366 * 86'400; // of a quote or hold, as the market has it

// How long one client may take, and how many there may be.
inline constexpr int keep_alive_idle_s = 60;
inline constexpr int request_read_ms = 10'000;   // first byte to last byte of a request
inline constexpr int response_write_ms = 30'000; // an answer that the client reads slowly
inline constexpr int linger_ms = 2'000;          // reading on after a refusal, so that it arrives
inline constexpr std::size_t linger_bytes = 1024 * 1024;
inline constexpr std::size_t keep_alive_requests = 100'000;
inline constexpr std::size_t connections = 512;
inline constexpr int listen_backlog = 1024;
inline constexpr int drain_ms = 15'000; // SIGTERM to the end of the last request

// PostgreSQL.
inline constexpr int database_connect_s = 3;
inline constexpr int database_wait_ms = 2'000; // for a free connection of the pool
inline constexpr int statement_ms = 5'000;
inline constexpr int database_stuck_ms = 8'000; // a server that neither answers nor hangs up
inline constexpr int database_retry_pause_ms = 100;
inline constexpr int serialization_attempts = 8;
inline constexpr std::size_t batch_orders = 1'024; // of one batch call
inline constexpr int audit_ms = 60'000;            // of one audit, which reads the whole market
inline constexpr int swept_holds = 1'000;          // of one sweep
inline constexpr int audit_retry_s = 5;            // when to ask again while one runs

// Redis.
inline constexpr int redis_connect_ms = 100;
inline constexpr int redis_command_ms = 100;
inline constexpr int redis_retry_min_ms = 50;
inline constexpr int redis_retry_max_ms = 1'000;
inline constexpr std::size_t cached_body_bytes = 256 * 1024;
inline constexpr std::size_t lookups_together = 64; // of one command

} // namespace mvm::gateway::limits
