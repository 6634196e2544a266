// Writes what SQL says of kinds of journal rows, from domain::journal_kinds: a line "NAME TEXT" for
// each
// @NAME@ of the sources, in which \n is the end of a line (assemble.awk). make builds and runs it.
//
//   @purchase@             'p', and so each kind by its name
//   @stocked@              the letters of the kinds that have the leg, for IN
//   @stocked_sign@         its sign in the row j: a number, or a CASE where kinds differ
//   @kind_names@           the name of each letter, for CASE
//   @kind_letters@         letters and names, for a comment
//   @kind_requirements@    what a row of each kind must have, for CASE
#include "domain/journal_kind.hpp"

#include <cstdio>
#include <string>
#include <vector>

namespace {

using mvm::domain::journal_kinds;
using mvm::domain::JournalKind;
using mvm::domain::KindInfo;

std::string quoted(JournalKind kind)
{
    return {'\'', static_cast<char>(kind), '\''};
}

void append(std::string &list, const char *separator, const std::string &element)
{
    list += (list.empty() ? "" : separator) + element;
}

void put(const std::string &name, const std::string &text)
{
    std::printf("%s %s\n", name.c_str(), text.c_str());
}

// The letters of the kinds whose leg has one of two signs; empty: none has.
template <class Leg> std::string letters(Leg leg, int sign, int other_sign)
{
    std::string found;
    for (const KindInfo &info : journal_kinds) {
        if (leg(info) == sign || leg(info) == other_sign) {
            append(found, ", ", quoted(info.kind));
        }
    }
    return found;
}

std::string sign_case(const std::string &kinds, const char *sign, const char *other_sign)
{
    return "CASE WHEN j.kind IN (" + kinds + ") THEN " + sign + " ELSE " + other_sign + " END";
}

// The CASE names the fewer.
std::string sign(const std::string &credited, const std::string &debited)
{
    if (credited.empty()) {
        return "-1";
    }
    if (debited.empty()) {
        return "1";
    }
    return debited.size() < credited.size() ? sign_case(debited, "-1", "1")
                                            : sign_case(credited, "1", "-1");
}

template <class Leg> void put_leg(const std::string &name, Leg leg)
{
    put(name, letters(leg, 1, -1));
    put(name + "_sign", sign(letters(leg, 1, 1), letters(leg, -1, -1)));
}

bool moves_money(const KindInfo &info)
{
    return info.held != 0 || info.outside != 0 || info.paid_by_user != 0 ||
           info.received_by_user != 0 || info.received_by_counterparty != 0;
}

bool moves_wallet(const KindInfo &info)
{
    return info.paid_by_user != 0 || info.received_by_user != 0;
}

std::string whose(const KindInfo &info)
{
    // Who pays somebody, and gets nothing for it, does not pay himself.
    if (info.received_by_counterparty != 0 && info.stocked == 0) {
        return "user_id <> counterparty_id";
    }
    if (moves_wallet(info)) {
        return "user_id IS NOT NULL";
    }
    return "user_id IS NULL AND counterparty_id IS NULL AND item_id IS NULL AND quantity IS NULL";
}

std::string pieces(const KindInfo &info)
{
    // What is listed may be sold out.
    const char *least = info.kind == JournalKind::listing ? ">= 0" : "> 0";
    return std::string("item_id IS NOT NULL AND quantity ") + least;
}

std::string amounts(const KindInfo &info)
{
    if (info.taken_by_house == 0) {
        return "from_universe_id = to_universe_id AND paid_minor = received_minor\n"
               "AND fee_minor IS NULL AND tariff_minor IS NULL";
    }
    // A tariff is on goods, and money is exchanged for other money.
    if (info.stocked == 0) {
        return "from_universe_id <> to_universe_id AND tariff_minor IS NULL";
    }
    return "(from_universe_id <> to_universe_id\n"
           "OR paid_minor - COALESCE(tariff_minor, 0) = received_minor + COALESCE(fee_minor, 0))";
}

std::string requirements(const KindInfo &info)
{
    std::string all;
    if (moves_money(info)) {
        append(all, "\nAND ", whose(info));
    }
    if (info.stocked != 0) {
        append(all, "\nAND ", pieces(info));
    }
    // What it gives back, or the hold.
    if (info.taken_by_house < 0 || info.held != 0) {
        append(all, "\nAND ", "reference_id IS NOT NULL");
    }
    if (moves_money(info)) {
        append(all, "\nAND ", amounts(info));
    }
    return all;
}

std::string escaped(const std::string &text, const char *indentation)
{
    std::string line;
    for (const char c : text) {
        line += c == '\n' ? "\\n" + std::string(indentation) : std::string(1, c);
    }
    return line;
}

void put_legs()
{
    put_leg("paid_by_user", [](const KindInfo &info) { return info.paid_by_user; });
    put_leg("paid_by_treasury", [](const KindInfo &info) { return info.paid_by_treasury; });
    put_leg("paid_by_house",
            [](const KindInfo &info) { return info.paid_by_treasury + info.paid_by_fees; });
    put_leg("received_by_user", [](const KindInfo &info) { return info.received_by_user; });
    put_leg("received_by_counterparty",
            [](const KindInfo &info) { return info.received_by_counterparty; });
    put_leg("taken_by_house", [](const KindInfo &info) { return info.taken_by_house; });
    put_leg("stocked", [](const KindInfo &info) { return info.stocked; });
    put_leg("held", [](const KindInfo &info) { return info.held; });
    const auto outside = [](const KindInfo &info) { return info.outside; };
    put("paid_by_outside", letters(outside, -1, -1));
    put("received_by_outside", letters(outside, 1, 1));
    const auto house = [](const KindInfo &info) { return info.taken_by_house; };
    put("house_takes", letters(house, 1, 1));
    put("house_gives_back", letters(house, -1, -1));
    put("without_money",
        letters([](const KindInfo &info) { return moves_money(info) ? 0 : 1; }, 1, 1));
}

void put_kinds()
{
    std::string names, described, required;
    for (const KindInfo &info : journal_kinds) {
        put(info.name, quoted(info.kind));
        append(names, "\\n        ", "WHEN " + quoted(info.kind) + " THEN '" + info.name + "'");
        append(described, ", ", std::string{static_cast<char>(info.kind)} + " " + info.name);
        append(required, "\\n            ",
               "WHEN " + quoted(info.kind) + " THEN " +
                   escaped(requirements(info), "                "));
    }
    put("kind_names", names);
    put("kind_letters", described);
    put("kind_requirements", required);
}

} // namespace

int main()
{
    put_kinds();
    put_legs();
}
