// Kinds of business events, as the journal stores them in one character, and what each moves. SQL
// has the same table: sql/journal_kinds.cpp makes of it what views, checks and the audit say of
// kinds, and mvm.journal_kind() answers it.
#pragma once

#include <array>
#include <cstdint>

namespace mvm::domain {

enum class JournalKind : char {
    deposit = 'd',
    withdrawal = 'w',
    exchange = 'x',
    purchase = 'p',
    listing = 'l',
    restock = 's',
    transfer = 't',
    refund = 'r',
    hold = 'h',
    release = 'u',
    treasury_payout = 'o',
    fees_payout = 'f',
};

// The legs of a row of the kind: 1 the account is credited, -1 debited, 0 there is no such leg.
struct KindInfo {
    JournalKind kind;
    const char *name; // as mvm.transactions shows it

    // The amount that the row calls paid, in from_universe_id.
    int paid_by_user;
    int paid_by_treasury;
    int paid_by_fees;

    // The amount that the row calls received, in to_universe_id. Where a row has no counterparty
    // it is the treasury that sells.
    int received_by_user;
    int received_by_counterparty;

    // The fee on the account fees of to_universe_id and the tariff in the treasury of
    // from_universe_id: 1 the house takes them, -1 it gives them back.
    int taken_by_house;

    // The pieces, in the item's stock.
    int stocked;

    // The other side of the books where no wallet and no account of the house is: what is paid, set
    // aside in holds of from_universe_id; the outside, from which what is paid comes (-1), or to
    // which what is received goes (1).
    int held;
    int outside;
};

// Those of which there are most come first: a CHECK of a row goes through them in this order.
// clang-format off
inline constexpr KindInfo journal_kinds[] = {
    //                                             paid by              received by          house                   out-
    //                                             user treasury fees   user counterparty    takes  stocked  held  side
    {JournalKind::purchase,        "purchase",        -1,  0,  0,        0,  1,               1,     -1,      0,    0},
    {JournalKind::exchange,        "exchange",        -1,  0,  0,        1,  0,               1,      0,      0,    0},
    {JournalKind::deposit,         "deposit",          0,  0,  0,        1,  0,               0,      0,      0,   -1},
    {JournalKind::withdrawal,      "withdrawal",      -1,  0,  0,        0,  0,               0,      0,      0,    1},
    {JournalKind::listing,         "listing",          0,  0,  0,        0,  0,               0,      1,      0,    0},
    {JournalKind::restock,         "restock",          0,  0,  0,        0,  0,               0,      1,      0,    0},
    {JournalKind::transfer,        "transfer",        -1,  0,  0,        0,  1,               0,      0,      0,    0},
    {JournalKind::refund,          "refund",           1,  0,  0,        0, -1,              -1,      1,      0,    0},
    {JournalKind::hold,            "hold",            -1,  0,  0,        0,  0,               0,     -1,      1,    0},
    {JournalKind::release,         "release",          0,  0,  0,        1,  0,               0,      1,     -1,    0},
    {JournalKind::treasury_payout, "treasury_payout",  0, -1,  0,        0,  0,               0,      0,      0,    1},
    {JournalKind::fees_payout,     "fees_payout",      0,  0, -1,        0,  0,               0,      0,      0,    1},
};
// clang-format on

inline constexpr KindInfo unknown_kind{JournalKind{'\0'}, "unknown", 0, 0, 0, 0, 0, 0, 0, 0, 0};

namespace detail {

// Place of each letter's kind in journal_kinds; -1: none.
inline constexpr auto kind_places = [] {
    std::array<signed char, 128> places{};
    places.fill(-1);
    signed char place = 0;
    for (const KindInfo &info : journal_kinds) {
        places[static_cast<unsigned char>(info.kind)] = place++;
    }
    return places;
}();

} // namespace detail

constexpr const KindInfo &info_of(JournalKind kind) noexcept
{
    const auto letter = static_cast<unsigned char>(kind);
    const int place = letter < detail::kind_places.size() ? detail::kind_places[letter] : -1;
    return place < 0 ? unknown_kind : journal_kinds[place];
}

constexpr const char *name_of(JournalKind kind) noexcept
{
    return info_of(kind).name;
}

} // namespace mvm::domain
