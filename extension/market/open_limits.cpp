#include "market/open_limits.hpp"

#include "market/requirements.hpp"
#include "pg/interval.hpp"
#include "storage/hold.hpp"
#include "storage/quote.hpp"

namespace mvm::market {

namespace {

using domain::ErrorCode;
using storage::Call;

void require_lifetime_within(const char *rule, std::int32_t universe_id, std::int64_t lifetime_us,
                             std::int64_t lifetime_us_max)
{
    if (lifetime_us > lifetime_us_max) {
        raise({ErrorCode::rule_violation,
               psprintf("%s of universe %d is %s, ttl is %s.", rule, universe_id,
                        pg::text_of_interval(pg::interval_of_microseconds(lifetime_us_max)),
                        pg::text_of_interval(pg::interval_of_microseconds(lifetime_us))),
               "Ask for a shorter ttl."});
    }
}

void require_one_more(const char *rule, std::int32_t universe_id, std::int64_t user_id,
                      std::int64_t open, std::int64_t open_max)
{
    if (open >= open_max) {
        raise({ErrorCode::rule_violation,
               psprintf("%s of universe %d is " INT64_FORMAT ", user " INT64_FORMAT
                        " has " INT64_FORMAT ".",
                        rule, universe_id, open_max, user_id, open),
               "One more can be made when one of them has ended or expired."});
    }
}

} // namespace

RoomForHold read_room_for_hold(Call &call, const storage::Universe &item_universe,
                               std::int64_t buyer_id)
{
    RoomForHold room{};
    const auto limits = storage::open_limits(call, item_universe);
    if (limits) {
        room.limited = true;
        room.universe_id = item_universe.id;
        room.limits = *limits;
        room.open_count = storage::open_holds(call, buyer_id, item_universe.id,
                                              GetCurrentTimestamp(), limits->holds_max);
    }
    return room;
}

void require_room_for_hold(const RoomForHold &room, std::int64_t buyer_id, std::int64_t lifetime_us)
{
    if (room.limited) {
        require_lifetime_within("max_hold_ttl", room.universe_id, lifetime_us,
                                room.limits.hold_ttl_us_max);
        require_one_more("max_open_holds", room.universe_id, buyer_id, room.open_count,
                         room.limits.holds_max);
    }
}

void lock_user_with_limits(Call &call, std::int64_t user_id)
{
    if (!storage::has_column(call, storage::TableId::universe,
                             storage::universe_column::max_open_quotes)) {
        require_user(call, user_id);
        return;
    }
    storage::UserAccount user;
    if (!storage::lock_user(call, user_id, user)) {
        raise(no_user(user_id));
    }
    storage::refresh_snapshot(call);
}

void require_room_for_quote(Call &call, std::int64_t user_id, const storage::Universe &to,
                            std::int64_t lifetime_us)
{
    const auto limits = storage::open_limits(call, to);
    if (!limits) {
        return;
    }
    require_lifetime_within("max_quote_ttl", to.id, lifetime_us, limits->quote_ttl_us_max);
    require_one_more(
        "max_open_quotes", to.id, user_id,
        storage::open_quotes(call, user_id, to.id, GetCurrentTimestamp(), limits->quotes_max),
        limits->quotes_max);
}

} // namespace mvm::market
