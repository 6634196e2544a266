#include "storage/row_locations.hpp"

namespace mvm::storage {

namespace {

// 12 bytes, so that the largest memory of a table takes 1.5 MiB of the session.
struct Entry {
    std::uint32_t tag; // tells apart the keys of one slot, most of the time
    BlockNumber block; // InvalidBlockNumber: the slot is empty
    OffsetNumber offset;
};

constexpr int slots_bits_min = 8;
constexpr int slots_bits_max = 17;

struct Locations {
    Entry *slots;
    int bits;      // log2 of how many there are
    int displaced; // entries that lost their slot to another key since the memory grew
};

Locations memory[table_count];

// Ids are handed out in order, so their low bits alone spread them without
// collisions. The wallets of one user share a slot.
Entry &slot_of(const Locations &locations, std::int64_t first)
{
    const auto bits = static_cast<std::uint64_t>(first);
    return locations.slots[bits & ((std::uint64_t{1} << locations.bits) - 1)];
}

std::uint32_t tag_of(std::int64_t first, std::int32_t second)
{
    const auto high = static_cast<std::uint64_t>(first) >> slots_bits_min;
    return static_cast<std::uint32_t>(high ^ (static_cast<std::uint64_t>(second) << 16));
}

// Starts anew with `bits`: what was known will be found again.
void grow(Locations &locations, int bits)
{
    const auto count = std::size_t{1} << bits;
    auto *slots = static_cast<Entry *>(MemoryContextAlloc(TopMemoryContext, count * sizeof(Entry)));
    for (std::size_t i = 0; i < count; ++i) {
        slots[i].block = InvalidBlockNumber;
    }
    if (locations.slots != nullptr) {
        pfree(locations.slots);
    }
    locations = {slots, bits, 0};
}

} // namespace

bool recall_location(TableId id, std::int64_t first, std::int32_t second, ItemPointer location)
{
    const Locations &locations = memory[static_cast<int>(id)];
    if (locations.slots == nullptr) {
        return false;
    }
    const Entry &entry = slot_of(locations, first);
    if (entry.block == InvalidBlockNumber || entry.tag != tag_of(first, second)) {
        return false;
    }
    ItemPointerSet(location, entry.block, entry.offset);
    return true;
}

void remember_location(TableId id, std::int64_t first, std::int32_t second,
                       const ItemPointerData &location)
{
    Locations &locations = memory[static_cast<int>(id)];
    if (locations.slots == nullptr) {
        grow(locations, slots_bits_min);
    }
    Entry *entry = &slot_of(locations, first);
    const std::uint32_t tag = tag_of(first, second);
    if (entry->block != InvalidBlockNumber && entry->tag != tag &&
        ++locations.displaced > 1 << (locations.bits - 1) && locations.bits < slots_bits_max) {
        grow(locations, locations.bits + 1);
        entry = &slot_of(locations, first);
    }
    *entry = {tag, ItemPointerGetBlockNumber(&location), ItemPointerGetOffsetNumber(&location)};
}

} // namespace mvm::storage
