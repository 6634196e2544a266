#include "storage/journal_places.hpp"

#include <algorithm>

namespace mvm::storage {

namespace {

struct Entry {
    std::int64_t id; // 0: empty
    BlockNumber block;
    OffsetNumber offset;
};

constexpr int bucket_bits = 5; // ids of one entry: fewer than the rows of a page
constexpr std::size_t entry_count = std::size_t{1} << 17;

// Static: a page of memory is only taken once an entry in it is used.
Entry memory[entry_count];

Entry &entry_of(std::int64_t id)
{
    return memory[static_cast<std::uint64_t>(id) >> bucket_bits & (entry_count - 1)];
}

// A wrong guess costs about as much as four right ones save.
constexpr int trust_max = 64;
constexpr int trust_lost = 4;
int trust = trust_max;
constexpr int tries_between_guesses = 32; // without trust
int untried = 0;

bool is_trusted()
{
    if (trust > 0) {
        return true;
    }
    untried = (untried + 1) % tries_between_guesses;
    return untried == 0;
}

} // namespace

bool guess_journal_place(std::int64_t id, ItemPointer place)
{
    const Entry &entry = entry_of(id);
    if (entry.id == 0 || entry.id >> bucket_bits != id >> bucket_bits || !is_trusted()) {
        return false;
    }
    const std::int64_t offset = entry.offset + (id - entry.id);
    if (offset < FirstOffsetNumber || offset > MaxOffsetNumber) {
        return false;
    }
    ItemPointerSet(place, entry.block, static_cast<OffsetNumber>(offset));
    return true;
}

void note_guess(bool was_right)
{
    trust = was_right ? std::min(trust + 1, trust_max) : std::max(trust - trust_lost, 0);
}

void remember_journal_place(std::int64_t id, const ItemPointerData &place)
{
    entry_of(id) = {id, ItemPointerGetBlockNumber(&place), ItemPointerGetOffsetNumber(&place)};
}

} // namespace mvm::storage
