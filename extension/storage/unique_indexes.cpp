#include "storage/unique_indexes.hpp"

namespace mvm::storage {

namespace {

// Whether the index keeps these columns unique at once, over all rows. One that is being built
// does so already for the rows that it has.
bool keeps_unique(Relation index, const IndexInfo *info, const int16 *attributes, int count)
{
    if (!info->ii_Unique || !info->ii_ReadyForInserts || !index->rd_index->indimmediate ||
        info->ii_Predicate != NIL || info->ii_NumIndexKeyAttrs != count) {
        return false;
    }
    for (int i = 0; i < count; ++i) {
        bool is_there = false;
        for (int j = 0; j < count; ++j) {
            is_there = is_there || info->ii_IndexAttrNumbers[j] == attributes[i];
        }
        if (!is_there) {
            return false;
        }
    }
    return true;
}

List *unique_indexes_on(const ResultRelInfo *result, const int16 *attributes, int count)
{
    List *indexes = NIL;
    bool any_valid = false;
    for (int i = 0; i < result->ri_NumIndices; ++i) {
        Relation index = result->ri_IndexRelationDescs[i];
        if (keeps_unique(index, result->ri_IndexRelationInfo[i], attributes, count)) {
            indexes = lappend_oid(indexes, RelationGetRelid(index));
            any_valid = any_valid || index->rd_index->indisvalid;
        }
    }
    if (!any_valid) {
        ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                        errmsg("table \"%s.%s\" has lost the unique constraint that the market "
                               "relies on",
                               schema_name, RelationGetRelationName(result->ri_RelationDesc))));
    }
    return indexes;
}

} // namespace

List *indexes_on_primary_key(const Writing &writing, const Table &table)
{
    const auto *key = table.primary_key->rd_index;
    return unique_indexes_on(writing.result, key->indkey.values, key->indnkeyatts);
}

List *indexes_on_column(const Writing &writing, AttrNumber attribute)
{
    return unique_indexes_on(writing.result, &attribute, 1);
}

} // namespace mvm::storage
