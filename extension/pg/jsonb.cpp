#include "pg/jsonb.hpp"

namespace mvm::pg {

namespace {

// Bytes of a key, an element or a value in the text, without the separators between them.
int text_length(const JsonbValue &value)
{
    switch (value.type) {
    case jbvString: {
        StringInfoData text;
        initStringInfo(&text);
        escape_json(&text, pnstrdup(value.val.string.val, value.val.string.len));
        return text.len;
    }
    case jbvNumeric:
        return static_cast<int>(strlen(
            DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value.val.numeric)))));
    case jbvBool:
        return value.val.boolean ? 4 : 5;
    default:
        return 4; // null
    }
}

} // namespace

bool is_json_null(const Jsonb *value)
{
    JsonbValue scalar;
    return JB_ROOT_IS_SCALAR(value) &&
           JsonbExtractScalar(const_cast<JsonbContainer *>(&value->root), &scalar) &&
           scalar.type == jbvNull;
}

bool is_json_object(const Jsonb *value)
{
    return JB_ROOT_IS_OBJECT(value);
}

bool is_json_within(Jsonb *value, int bytes_max)
{
    JsonbIterator *iterator = JsonbIteratorInit(&value->root);
    JsonbValue part;
    int length = 0;
    JsonbIteratorToken token = JsonbIteratorNext(&iterator, &part, false);
    JsonbIteratorToken before = WJB_DONE;
    for (; token != WJB_DONE && length <= bytes_max;
         token = JsonbIteratorNext(&iterator, &part, false)) {
        CHECK_FOR_INTERRUPTS();
        const bool begins = token == WJB_BEGIN_ARRAY || token == WJB_BEGIN_OBJECT;
        const bool ends = token == WJB_END_ARRAY || token == WJB_END_OBJECT;
        const bool first =
            before == WJB_DONE || before == WJB_BEGIN_ARRAY || before == WJB_BEGIN_OBJECT;
        if (!ends && !first) {
            length += 2; // ", " before the next one, ": " before a value
        }
        length += begins || ends ? 1 : text_length(part);
        before = token;
    }
    return length <= bytes_max;
}

} // namespace mvm::pg
