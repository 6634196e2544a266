#include "storage/taken_key.hpp"

#include "pg/refusal.hpp"
#include "storage/schema.hpp"

namespace mvm::storage {

namespace {

// The key whose index the error names; null when it is another error.
const UniqueKey *taken_key(const ErrorData *error, const UniqueKey *keys, int count)
{
    if (error->sqlerrcode != ERRCODE_UNIQUE_VIOLATION || error->schema_name == nullptr ||
        error->constraint_name == nullptr || strcmp(error->schema_name, schema_name) != 0) {
        return nullptr;
    }
    for (int i = 0; i < count; ++i) {
        if (keys[i].refusal != nullptr && strcmp(error->constraint_name, keys[i].index_name) == 0) {
            return &keys[i];
        }
    }
    return nullptr;
}

} // namespace

void write_unless_taken(const UniqueKey *keys, int count, void (*write)(void *), void *argument)
{
    const MemoryContext caller = CurrentMemoryContext;
    PG_TRY();
    {
        write(argument);
    }
    PG_CATCH();
    {
        MemoryContextSwitchTo(caller);
        const UniqueKey *taken = taken_key(CopyErrorData(), keys, count);
        if (taken == nullptr) {
            PG_RE_THROW();
        }
        // Another error takes its place, so the transaction ends all the same.
        FlushErrorState();
        pg::raise(domain::ErrorCode::already_exists, taken->refusal);
    }
    PG_END_TRY();
}

} // namespace mvm::storage
