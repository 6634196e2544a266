#include "storage/definition.hpp"

#include "pg/compat.hpp"

namespace mvm::storage {

namespace {

struct ColumnType {
    char letter;
    Oid type;
};

constexpr ColumnType column_types[] = {
    {'b', BOOLOID},    {'c', CHAROID}, {'i', INT4OID}, {'j', JSONBOID},    {'l', INT8OID},
    {'n', NUMERICOID}, {'s', INT2OID}, {'t', TEXTOID}, {'v', INTERVALOID}, {'z', TIMESTAMPTZOID},
};

Oid type_of_letter(char letter)
{
    const auto lower = static_cast<char>(letter | 0x20);
    for (const ColumnType &type : column_types) {
        if (type.letter == lower) {
            return type.type;
        }
    }
    return InvalidOid;
}

bool is_capital(char letter)
{
    return letter >= 'A' && letter <= 'Z';
}

[[noreturn]] void refuse_table(const TableShape &shape, const char *what)
{
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("table \"%s.%s\" is not as the market's scripts create it", schema_name,
                           shape.name),
                    errdetail_internal("%s", what)));
}

// The column, counted from 0, that stands at an attribute; shape.columns where it is the owner's.
int column_at(const TableShape &shape, int position, const FormData_pg_attribute *attribute)
{
    if (position < shape.first_columns) {
        return position;
    }
    for (int column = shape.first_columns; column < shape.columns; ++column) {
        if (strcmp(NameStr(attribute->attname), shape.added_names[column - shape.first_columns]) ==
                0 &&
            attribute->atttypid == type_of_letter(shape.types[column])) {
            return column;
        }
    }
    return shape.columns;
}

void require_type(const TableShape &shape, int column, const FormData_pg_attribute *attribute)
{
    if (attribute->atttypid != type_of_letter(shape.types[column])) {
        refuse_table(shape,
                     psprintf("Column \"%s\" has another type.", NameStr(attribute->attname)));
    }
    if (is_capital(shape.types[column]) && !attribute->attnotnull) {
        refuse_table(shape,
                     psprintf("Column \"%s\" is not NOT NULL.", NameStr(attribute->attname)));
    }
}

bool has_key_columns(Relation index, const std::int8_t *columns, int count)
{
    int i = 0;
    for (; i < count && columns[i] != 0; ++i) {
        if (i >= index->rd_index->indnkeyatts || index->rd_index->indkey.values[i] != columns[i]) {
            return false;
        }
    }
    return index->rd_index->indnkeyatts == i;
}

bool is_on_column(Relation index, const char *name)
{
    const auto *form = index->rd_index;
    return form->indnkeyatts == 1 && form->indkey.values[0] != 0 &&
           strcmp(get_attname(form->indrelid, form->indkey.values[0], false), name) == 0;
}

// Whether the index has its name of the market's on the columns that it has in any version.
bool has_known_shape(Relation index)
{
    for (const IndexShape &shape : index_shapes) {
        if (strcmp(shape.name, RelationGetRelationName(index)) == 0 &&
            (shape.added_column == nullptr
                 ? has_key_columns(index, shape.columns, lengthof(shape.columns))
                 : is_on_column(index, shape.added_column))) {
            return true;
        }
    }
    return false;
}

bool can_be_read(Relation index)
{
    return index->rd_rel->relam == BTREE_AM_OID && index->rd_index->indisvalid;
}

} // namespace

namespace {

// Where each table has its columns, until something is said about the table.
struct KnownColumns {
    Oid relation; // InvalidOid: not known
    AttrNumber attributes[columns_max];
    bool plain;
};
KnownColumns known_columns[table_count];

void forget_columns(Datum, Oid relation)
{
    for (KnownColumns &known : known_columns) {
        if (relation == InvalidOid || known.relation == relation) {
            known.relation = InvalidOid;
        }
    }
}

void require_plain_table(Relation table)
{
    if (table->rd_rel->relkind != RELKIND_RELATION) {
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("the market cannot use table \"%s.%s\"", schema_name,
                               RelationGetRelationName(table)),
                        errdetail("It is not a plain table.")));
    }
}

void look_at_columns(TableId id, Table &table)
{
    require_plain_table(table.relation);
    const TableShape &shape = table_shapes[static_cast<int>(id)];
    TupleDesc descriptor = RelationGetDescr(table.relation);
    for (int i = 0; i < descriptor->natts; ++i) {
        const FormData_pg_attribute *attribute = TupleDescAttr(descriptor, i);
        const int column = attribute->attisdropped ? shape.columns : column_at(shape, i, attribute);
        if (column < shape.columns) {
            require_type(shape, column, attribute);
            table.attributes[column] = static_cast<AttrNumber>(i + 1);
        }
    }
    table.plain = descriptor->natts == shape.columns;
    for (int column = 0; column < shape.columns; ++column) {
        if (table.attributes[column] == 0 && column < shape.first_columns) {
            refuse_table(shape, psprintf("Column %d is missing.", column + 1));
        }
        table.plain = table.plain && table.attributes[column] == column + 1;
    }
}

} // namespace

void find_columns(TableId id, Table &table)
{
    static bool listening = false;
    if (!listening) {
        CacheRegisterRelcacheCallback(forget_columns, Datum{0});
        listening = true;
    }
    KnownColumns &known = known_columns[static_cast<int>(id)];
    if (known.relation == RelationGetRelid(table.relation)) {
        memcpy(table.attributes, known.attributes, sizeof table.attributes);
        table.plain = known.plain;
        return;
    }
    look_at_columns(id, table);
    known.relation = RelationGetRelid(table.relation);
    memcpy(known.attributes, table.attributes, sizeof known.attributes);
    known.plain = table.plain;
}

Relation open_primary_key(TableId id, Relation table, LOCKMODE lock)
{
    const TableShape &shape = table_shapes[static_cast<int>(id)];
    const Oid key = pg::primary_key_index(table);
    if (!OidIsValid(key)) {
        refuse_table(shape, "It has no primary key that is valid and not deferrable.");
    }
    Relation index = index_open(key, lock);
    if (!has_key_columns(index, shape.primary_key, lengthof(shape.primary_key))) {
        refuse_table(shape, "Its primary key is on other columns.");
    }
    return index;
}

Relation open_index(const char *index_name)
{
    Relation index = index_open(relation_oid(index_name), AccessShareLock);
    if (!can_be_read(index) || !has_known_shape(index)) {
        ereport(ERROR,
                (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                 errmsg("index \"%s.%s\" is not valid, or not as the market's scripts create it",
                        schema_name, index_name),
                 errhint("Drop it, and create it as they do.")));
    }
    return index;
}

bool is_own_index(Relation index)
{
    return can_be_read(index) && has_known_shape(index);
}

namespace {

// Sequences that were looked at, until something is said about any sequence.
constexpr int known_sequences_max = 16;
Oid known_sequences[known_sequences_max];
int known_sequence_count = 0;

void forget_sequences(Datum, int, uint32)
{
    known_sequence_count = 0;
}

bool is_known(Oid sequence)
{
    for (int i = 0; i < known_sequence_count; ++i) {
        if (known_sequences[i] == sequence) {
            return true;
        }
    }
    return false;
}

} // namespace

void require_ids_in_order(Oid sequence)
{
    static bool listening = false;
    if (!listening) {
        CacheRegisterSyscacheCallback(SEQRELID, forget_sequences, Datum{0});
        listening = true;
    }
    if (is_known(sequence)) {
        return;
    }
    HeapTuple tuple = SearchSysCache1(SEQRELID, ObjectIdGetDatum(sequence));
    if (!HeapTupleIsValid(tuple)) {
        elog(ERROR, "cache lookup failed for sequence %u", sequence);
    }
    const FormData_pg_sequence form = *reinterpret_cast<Form_pg_sequence>(GETSTRUCT(tuple));
    ReleaseSysCache(tuple);
    const char *name = get_rel_name(sequence);
    if (form.seqcache != 1) {
        ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                        errmsg("sequence \"%s.%s\" is cached by sessions", schema_name, name),
                        errdetail("Ids of two sessions would contradict the order of their calls."),
                        errhint("ALTER SEQUENCE %s.%s CACHE 1", schema_name, name)));
    }
    if (form.seqincrement < 0) {
        ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                        errmsg("sequence \"%s.%s\" counts down", schema_name, name),
                        errhint("ALTER SEQUENCE %s.%s INCREMENT 1", schema_name, name)));
    }
    if (known_sequence_count < known_sequences_max) {
        known_sequences[known_sequence_count++] = sequence;
    }
}

} // namespace mvm::storage
