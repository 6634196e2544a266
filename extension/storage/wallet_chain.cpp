#include "storage/wallet_chain.hpp"

#include "domain/assert.hpp"
#include "pg/compat.hpp"
#include "storage/journal_places.hpp"

namespace mvm::storage {

namespace {

[[noreturn]] void refuse_unknown(const WalletKey &wallet)
{
    ereport(ERROR,
            (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
             errmsg("the journal's rows of user " INT64_FORMAT " in universe %d are not linked",
                    wallet.user_id, wallet.universe_id),
             errdetail("They come from a dump of an earlier version, or were inserted by hand."),
             errhint("The owner of the market links them with mvm_relink_journal().")));
}

[[noreturn]] void refuse_damaged(const WalletKey &wallet, std::int64_t id, const char *what)
{
    ereport(ERROR,
            (errcode(ERRCODE_DATA_CORRUPTED),
             errmsg("the chain of journal rows of user " INT64_FORMAT " in universe %d is damaged",
                    wallet.user_id, wallet.universe_id),
             errdetail_internal("Row " INT64_FORMAT " %s.", id, what),
             errhint("mvm_audit() tells what is wrong, mvm_relink_journal() links the rows "
                     "anew.")));
}

} // namespace

bool is_linked(Call &call)
{
    return has_column(call, TableId::journal, journal_column::from_previous_id);
}

void open_journal_reader(Call &call, JournalReader &reader)
{
    reader.table = &table_of(call, TableId::journal);
    reader.slot = make_slot(call, TableId::journal);
    // Of this snapshot the index asks nothing, and takes no predicate locks under it; which row is
    // visible is asked of the table, under the call's.
    reader.scan =
        pg::begin_index_scan(reader.table->relation, reader.table->primary_key, SnapshotAny, 1);
    // A serializable transaction would conflict with whoever has written the row at a wrong guess.
    const bool may_guess = !IsolationIsSerializable() &&
                           reader.table->relation->rd_tableam == GetHeapamTableAmRoutine();
    // The table's lock keeps VACUUM from cutting it shorter.
    reader.block_count = may_guess ? RelationGetNumberOfBlocks(reader.table->relation) : 0;
}

namespace {

bool fetch_row(JournalReader &reader, ItemPointerData place)
{
    bool call_again = false;
    return table_index_fetch_tuple(reader.scan->xs_heapfetch, &place, GetActiveSnapshot(),
                                   reader.slot, &call_again, nullptr);
}

// Looks where the row may stand. One with this id that the snapshot sees is the one, wherever it
// stands.
bool read_guessed_row(JournalReader &reader, std::int64_t id)
{
    ItemPointerData place;
    if (reader.block_count == 0 || !guess_journal_place(id, &place) ||
        ItemPointerGetBlockNumber(&place) >= reader.block_count) {
        return false;
    }
    const bool was_right =
        fetch_row(reader, place) &&
        DatumGetInt64(column_of(*reader.table, reader.slot, journal_column::id)) == id;
    note_guess(was_right);
    return was_right;
}

} // namespace

bool read_row(JournalReader &reader, std::int64_t id)
{
    CHECK_FOR_INTERRUPTS();
    if (read_guessed_row(reader, id)) {
        pgstat_count_heap_fetch(reader.scan->indexRelation);
        return true;
    }
    ScanKeyData key;
    ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(id));
    index_rescan(reader.scan, &key, 1, nullptr, 0);
    while (ItemPointer place = index_getnext_tid(reader.scan, ForwardScanDirection)) {
        if (fetch_row(reader, *place)) {
            remember_journal_place(id, *place);
            pgstat_count_heap_fetch(reader.scan->indexRelation);
            return true;
        }
    }
    return false;
}

void close_journal_reader(JournalReader &reader)
{
    ExecClearTuple(reader.slot);
    index_endscan(reader.scan);
}

bool has_next(const WalletChain &chain)
{
    if (!chain.next_id) {
        refuse_unknown(chain.wallet);
    }
    if (*chain.next_id < 0) {
        refuse_damaged(chain.wallet, *chain.next_id, "is none that a sequence has drawn");
    }
    return *chain.next_id > floor_id;
}

void read_next_row(JournalReader &reader, const WalletChain &chain)
{
    MVM_ASSERT(has_next(chain));
    if (!read_row(reader, *chain.next_id)) {
        refuse_damaged(chain.wallet, *chain.next_id, "is not in the journal");
    }
}

void go_before(WalletChain &chain, const RowLinks &links)
{
    std::optional<std::int64_t> previous_id;
    if (links.wallets.from == chain.wallet) {
        previous_id = links.from_previous_id;
    } else if (links.wallets.to == chain.wallet) {
        previous_id = links.to_previous_id;
    } else {
        refuse_damaged(chain.wallet, links.id, "does not move this wallet");
    }
    if (previous_id && *previous_id >= links.id) {
        refuse_damaged(chain.wallet, links.id, "names a row before it that is not older");
    }
    chain.next_id = previous_id;
}

void step_over(JournalReader &reader, WalletChain &chain)
{
    const RowLinks links = links_in(*reader.table, reader.slot);
    MVM_ASSERT(links.id == chain.next_id);
    go_before(chain, links);
}

void skip_to(JournalReader &reader, WalletChain &chain, std::int64_t before_id)
{
    while (has_next(chain) && *chain.next_id >= before_id) {
        read_next_row(reader, chain);
        step_over(reader, chain);
    }
}

} // namespace mvm::storage
