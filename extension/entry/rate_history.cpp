// mvm.record_exchange_rate: the trigger that writes the history of exchange rates.
#include "pg/guard.hpp"
#include "storage/exchange_rate_change.hpp"

namespace mvm::entry {

namespace {

Datum record_exchange_rate_function(FunctionCallInfo fcinfo)
{
    const auto *trigger = reinterpret_cast<const TriggerData *>(fcinfo->context);
    if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_FOR_ROW(trigger->tg_event) ||
        !TRIGGER_FIRED_AFTER(trigger->tg_event)) {
        ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                        errmsg("mvm.record_exchange_rate() is a trigger function for rows")));
    }
    const bool updated = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event);
    HeapTuple row = updated ? trigger->tg_newtuple : trigger->tg_trigtuple;

    // With a snapshot of its own: as the row is locked, it sees the last rate.
    storage::Call call;
    storage::begin_write(call, "mvm.record_exchange_rate()");
    const storage::UniverseRate rate = storage::rate_in(call, row);
    if (updated) {
        storage::append_rate_change(call, storage::next_id("exchange_rate_change_id_seq"), rate);
    } else if (!storage::has_rate_change(call, rate.first_rate_id)) {
        // A universe that is restored from a dump has its history already.
        storage::append_rate_change(call, rate.first_rate_id, rate);
    }
    storage::end_call(call);
    return PointerGetDatum(nullptr);
}

} // namespace

} // namespace mvm::entry

MVM_SQL_FUNCTION(mvm_record_exchange_rate, mvm::entry::record_exchange_rate_function)
