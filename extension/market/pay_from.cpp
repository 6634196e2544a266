#include "market/pay_from.hpp"

#include "domain/assert.hpp"
#include "market/pay_from_attempt.hpp"
#include "market/requirements.hpp"
#include "pg/numeric.hpp"

namespace mvm::market {

namespace {

using domain::ErrorCode;
using domain::Settlement;
using storage::Call;
using storage::JournalRow;
using storage::Universe;
using storage::UniverseSet;
using storage::WalletKey;

int require_universe_in(Call &call, UniverseSet &universes, std::int32_t universe_id)
{
    const int index = storage::universe_in(call, universes, universe_id);
    if (index < 0) {
        raise(no_universe(universe_id));
    }
    return index;
}

// The buyer's limit is compared with what the purchase costs in the last wallet's currency,
// whichever wallet pays. A price beyond 64 bits is refused later, by the attempts.
void require_within_limit(const Deal &deal)
{
    if (!deal.order.limit || deal.limit_minor >= PG_INT64_MAX ||
        !domain::multiply_price(deal.item().price_minor, deal.order.quantity).ok()) {
        return;
    }
    const int last = deal.wallets.data[deal.wallets.count - 1].universe;
    domain::PurchaseTerms terms;
    terms.quantity = deal.order.quantity;
    terms.price_minor = deal.item().price_minor;
    terms.stock = PG_INT64_MAX;
    terms.same_currency = last == deal.item_universe;
    terms.buyer_currency = deal.universes.currencies[last];
    terms.item_currency = deal.universes.currencies[deal.item_universe];
    terms.tariff = route_of(deal, last, deal.item_universe).tariff;
    const auto plan = domain::plan_purchase(terms);
    const std::uint64_t cost_minor = plan.ok() ? static_cast<std::uint64_t>(plan.value.paid_minor)
                                               : PG_UINT64_MAX; // beyond the largest amount
    if (cost_minor > deal.limit_minor) {
        raise(costs_too_much(cost_minor, deal.limit_minor, deal.universe(last)));
    }
}

// A buyer whose home is closed for trade may not pay from other wallets either.
void require_open_home(const Deal &deal, int home)
{
    if (!deal.universe(home).rules.trade_open) {
        Settlement closed;
        closed.rule = domain::BrokenRule::payer_universe_closed;
        raise(broken_rule(closed, deal.order.quantity, deal.universe(home),
                          deal.universe(deal.item_universe)));
    }
}

// Locks the buyer's wallets and the seller's. Those that are missing are made.
void lock_deal_wallets(Call &call, Deal &deal, const pg::Array<std::int32_t> &universe_ids)
{
    pg::Array<WantedWallet> wanted{};
    for (int i = 0; i < universe_ids.count; ++i) {
        const WalletKey key{deal.order.user_id, universe_ids.data[i]};
        deal.wallets.push({key, require_universe_in(call, deal.universes, key.universe_id), -1});
        wanted.push({key, true});
    }
    const WalletKey seller{deal.item().seller_id.value_or(0), deal.item().universe_id};
    if (deal.item().seller_id) {
        wanted.push({seller, true});
    }
    lock_wallets(deal.desk(), wanted);
    for (PayingWallet &wallet : deal.wallets) {
        wallet.index = index_of_wallet(deal.desk(), wallet.key);
    }
    deal.seller = deal.item().seller_id ? index_of_wallet(deal.desk(), seller) : -1;
}

// Reads rates, rules, routes and the home as they are once all is locked; after that only the table
// of holds is read. The home's index.
int read_terms(Call &call, Deal &deal)
{
    if (storage::go_on_from_now(call)) {
        storage::read_universes_again(call, deal.universes);
    }
    const int home = require_universe_in(call, deal.universes,
                                         require_user(call, deal.order.user_id).universe_id);
    for (int i = 0; i < deal.wallets.count; ++i) {
        const int from = deal.wallets[i].universe;
        storage::route_between(call, deal.universes, from, deal.item_universe);
        for (int payer = i + 1; payer < deal.wallets.count; ++payer) {
            storage::route_between(call, deal.universes, from, deal.wallets[payer].universe);
        }
    }
    return home;
}

const char *canonical_request(const Order &order, std::uint64_t limit_minor,
                              const pg::Array<std::int32_t> &universe_ids)
{
    const char *request = psprintf(
        "purchase item_id=" INT64_FORMAT " quantity=" INT64_FORMAT " pay_from=", order.item_id,
        order.quantity);
    for (int i = 0; i < universe_ids.count; ++i) {
        request = psprintf("%s%s%d", request, i == 0 ? "" : ",", universe_ids.data[i]);
    }
    if (order.limit) {
        request = psprintf("%s max_amount_minor=" UINT64_FORMAT, request, limit_minor);
    }
    return with_client_fields(request, order.client);
}

// Locks the item, which gets index 0 at the desk.
void lock_for_sale(Desk &desk, const Order &order)
{
    if (lock_item(desk, order.item_id) < 0) {
        raise(no_item(order.item_id));
    }
    const storage::Item &item = desk.items[0].item;
    if (item.seller_id == order.user_id) {
        raise(own_item(item.id, order.user_id));
    }
    if (!item.listed) {
        raise(not_listed(item.id));
    }
}

} // namespace

JournalRow buy_from_wallets(Call &call, UniverseSet &universes, const Order &order,
                            const pg::Array<std::int32_t> &universe_ids)
{
    MVM_ASSERT(universe_ids.count >= 1 && universe_ids.count <= paying_wallets_max);
    require_user(call, order.user_id);
    int last = -1;
    for (int i = 0; i < universe_ids.count; ++i) {
        last = require_universe_in(call, universes, universe_ids.data[i]);
    }
    std::uint64_t limit_minor = 0;
    if (order.limit) {
        limit_minor = domain::limit_from_decimal(pg::text_of_numeric(*order.limit),
                                                 universes.universes[last].currency_scale, false);
    }
    const KeyedCall keyed = begin_keyed_call(call, order.user_id, order.client.key,
                                             canonical_request(order, limit_minor, universe_ids));
    if (keyed.answered) {
        return keyed.first_answer;
    }

    Desk desk{call};
    lock_for_sale(desk, order);
    Expiry expiry{desk};
    Deal deal{universes, order, limit_minor, keyed, expiry, -1, {}, -1};
    deal.item_universe = require_universe_in(call, universes, deal.item().universe_id);
    lock_deal_wallets(call, deal, universe_ids);
    require_open_home(deal, read_terms(call, deal));
    require_within_limit(deal);
    const Attempt attempt = require_payer(deal);

    write(expiry);
    end_keyed_call(call, keyed, *attempt.purchase);
    return *attempt.purchase;
}

} // namespace mvm::market
