// A row of mvm.journal, and the table's columns. A column is a member here and a line below: its
// type, reading, writing and copying follow.
#pragma once

#include "domain/journal_kind.hpp"

#include <array>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "pg/postgres.hpp"

namespace mvm::storage {

struct JournalRow {
    domain::JournalKind kind;
    std::int64_t id;              // given by number_journal_rows
    TimestampTz transaction_time; // given by number_journal_rows
    std::optional<std::int64_t> user_id;
    std::optional<std::int64_t> counterparty_id;
    std::optional<std::int64_t> item_id;
    std::optional<std::int64_t> quantity;
    std::optional<std::int64_t> paid_minor;
    std::optional<std::int64_t> received_minor;
    std::int32_t from_universe_id;
    std::int32_t to_universe_id;
    std::optional<Datum> from_rate;           // numeric
    std::optional<Datum> to_rate;             // numeric
    std::optional<Datum> idempotency_key;     // text
    std::optional<std::int64_t> fee_minor;    // none: no fee; in to_universe_id's currency
    std::optional<std::int64_t> tariff_minor; // none: no tariff; in from_universe_id's currency
    std::optional<std::int64_t> reference_id; // what the row goes back to: see mvm.journal
    std::optional<Datum> memo;                // text: the client's own note
    // The rows before this one of the wallet that it moves in from_universe_id and of the one in
    // to_universe_id. 0: it is the wallet's first; none: there is no such wallet, or the row is not
    // known. See wallet_chain.hpp.
    std::optional<std::int64_t> from_previous_id;
    std::optional<std::int64_t> to_previous_id;
};

template <typename Value> struct JournalColumn {
    const char *name;
    char type; // a letter of TableShape::types
    Value JournalRow::*member;
};
template <typename Value>
JournalColumn(const char *, char, Value JournalRow::*) -> JournalColumn<Value>;

// In the order of their numbers.
inline constexpr std::tuple journal_columns{
    JournalColumn{"id", 'L', &JournalRow::id},
    JournalColumn{"transaction_time", 'Z', &JournalRow::transaction_time},
    JournalColumn{"user_id", 'l', &JournalRow::user_id},
    JournalColumn{"counterparty_id", 'l', &JournalRow::counterparty_id},
    JournalColumn{"item_id", 'l', &JournalRow::item_id},
    JournalColumn{"quantity", 'l', &JournalRow::quantity},
    JournalColumn{"paid_minor", 'l', &JournalRow::paid_minor},
    JournalColumn{"received_minor", 'l', &JournalRow::received_minor},
    JournalColumn{"from_universe_id", 'I', &JournalRow::from_universe_id},
    JournalColumn{"to_universe_id", 'I', &JournalRow::to_universe_id},
    JournalColumn{"kind", 'C', &JournalRow::kind},
    JournalColumn{"from_rate", 'n', &JournalRow::from_rate},
    JournalColumn{"to_rate", 'n', &JournalRow::to_rate},
    JournalColumn{"idempotency_key", 't', &JournalRow::idempotency_key},
    // since 1.1
    JournalColumn{"fee_minor", 'l', &JournalRow::fee_minor},
    JournalColumn{"tariff_minor", 'l', &JournalRow::tariff_minor},
    JournalColumn{"reference_id", 'l', &JournalRow::reference_id},
    // since 1.2
    JournalColumn{"memo", 't', &JournalRow::memo},
    JournalColumn{"from_previous_id", 'l', &JournalRow::from_previous_id},
    JournalColumn{"to_previous_id", 'l', &JournalRow::to_previous_id},
};
inline constexpr int journal_column_count = std::tuple_size_v<decltype(journal_columns)>;

// Calls visit(number, column) for every column; no loop is left in what is compiled.
template <typename Visit> constexpr void visit_journal_columns(Visit visit)
{
    [&]<std::size_t... Place>(std::index_sequence<Place...>)
    {
        (visit(static_cast<int>(Place) + 1, std::get<Place>(journal_columns)), ...);
    }
    (std::make_index_sequence<journal_column_count>());
}

template <typename Value> constexpr int number_of(Value JournalRow::*member)
{
    int number = 0;
    visit_journal_columns([&](int column_number, const auto &column) {
        if constexpr (std::is_same_v<decltype(column.member), Value JournalRow::*>) {
            if (column.member == member) {
                number = column_number;
            }
        }
    });
    return number;
}

// The numbers of those that are read or written by themselves.
namespace journal_column {
inline constexpr int id = number_of(&JournalRow::id);
inline constexpr int user_id = number_of(&JournalRow::user_id);
inline constexpr int counterparty_id = number_of(&JournalRow::counterparty_id);
inline constexpr int from_universe_id = number_of(&JournalRow::from_universe_id);
inline constexpr int to_universe_id = number_of(&JournalRow::to_universe_id);
inline constexpr int kind = number_of(&JournalRow::kind);
inline constexpr int from_previous_id = number_of(&JournalRow::from_previous_id);
inline constexpr int to_previous_id = number_of(&JournalRow::to_previous_id);
inline constexpr int first_version_last = number_of(&JournalRow::idempotency_key);
} // namespace journal_column

// The columns as TableShape has them.
inline constexpr auto journal_types = [] {
    std::array<char, journal_column_count + 1> types{};
    visit_journal_columns([&](int number, const auto &column) {
        types[static_cast<std::size_t>(number - 1)] = column.type;
    });
    return types;
}();
inline constexpr auto journal_added = [] {
    std::array<const char *, journal_column_count - journal_column::first_version_last> names{};
    visit_journal_columns([&](int number, const auto &column) {
        if (number > journal_column::first_version_last) {
            names[static_cast<std::size_t>(number - 1 - journal_column::first_version_last)] =
                column.name;
        }
    });
    return names;
}();

} // namespace mvm::storage
