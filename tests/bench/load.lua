-- For wrk: wrk ... -s load.lua URL [-- USERS ITEMS SEED]. With arguments, POSTs purchases to /api/v1/buy; without, GETs
-- the URL. Requests are made in advance, so that while the clock runs there is nothing to do but send them.
local requests_in_stock = 20000
local requests = {}
local next_request = 0
local threads = 0

function setup(thread)
    threads = threads + 1
    thread:set("thread_number", threads)
end

function init(arguments)
    if #arguments == 0 then
        requests[1] = wrk.format("GET")
        return
    end
    local users, items = tonumber(arguments[1]), tonumber(arguments[2])
    math.randomseed(tonumber(arguments[3]) * 1000 + thread_number)
    local headers = { ["Content-Type"] = "application/json" }
    for at = 1, requests_in_stock do
        -- Item i is sold by user i; whoever else there is may buy it.
        local item = math.random(1, items)
        local buyer = 1 + (item + math.random(0, users - 2)) % users
        local body = string.format('{"buyer_id": %d, "item_id": %d, "quantity": 1}', buyer, item)
        requests[at] = wrk.format("POST", "/api/v1/buy", headers, body)
    end
end

function request()
    next_request = next_request % #requests + 1
    return requests[next_request]
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        '{"done": %d, "refused": %d, "failed": %d, "seconds": %.3f, "p50_ms": %.3f, "p95_ms": %.3f, "p99_ms": %.3f}\n',
        summary.requests - errors.status, errors.status, errors.connect + errors.read + errors.write + errors.timeout,
        summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(95) / 1e3,
        latency:percentile(99) / 1e3))
end
