#include "storage/row_locations.hpp"

namespace mvm::storage {

namespace {

// 12 bytes; a page of memory is only taken once a slot in it is used.
struct Entry {
    std::uint32_t tag; // tells apart the keys of one slot, most of the time
    BlockNumber block;
    OffsetNumber offset; // InvalidOffsetNumber: the slot is empty
};
static_assert(InvalidOffsetNumber == 0, "the memory starts out as zeros");

// The tables whose rows are looked up again and again come first.
constexpr int remembered_tables = static_cast<int>(TableId::item) + 1;
constexpr int slot_bits = 17;
constexpr std::uint64_t slot_count = std::uint64_t{1} << slot_bits;

// Static, not allocated: memory that a session keeps must not lie between what a
// large batch takes and gives back.
Entry memory[remembered_tables][slot_count];

// Ids are handed out in order, so their low bits alone spread them without
// collisions. The wallets of one user share a slot.
Entry &slot_of(TableId id, std::int64_t first)
{
    return memory[static_cast<int>(id)][static_cast<std::uint64_t>(first) & (slot_count - 1)];
}

std::uint32_t tag_of(std::int64_t first, std::int32_t second)
{
    const auto high = static_cast<std::uint64_t>(first) >> slot_bits;
    return static_cast<std::uint32_t>(high ^ (static_cast<std::uint64_t>(second) << 16));
}

bool is_remembered(TableId id)
{
    return static_cast<int>(id) < remembered_tables;
}

} // namespace

bool recall_location(TableId id, std::int64_t first, std::int32_t second, ItemPointer location)
{
    if (!is_remembered(id)) {
        return false;
    }
    const Entry &entry = slot_of(id, first);
    if (entry.offset == InvalidOffsetNumber || entry.tag != tag_of(first, second)) {
        return false;
    }
    ItemPointerSet(location, entry.block, entry.offset);
    return true;
}

void remember_location(TableId id, std::int64_t first, std::int32_t second,
                       const ItemPointerData &location)
{
    if (is_remembered(id)) {
        slot_of(id, first) = {tag_of(first, second), ItemPointerGetBlockNumber(&location),
                              ItemPointerGetOffsetNumber(&location)};
    }
}

} // namespace mvm::storage
