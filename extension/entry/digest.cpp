// mvm.journal_digest: SHA-256 over rows of the journal. mvm_verify: the digests of checkpoints
// computed again. Off every hot path, so plain SQL.
#include "entry/arguments.hpp"
#include "entry/row_writer.hpp"
#include "market/refusals.hpp"
#include "pg/guard.hpp"
#include "pg/refusal.hpp"
#include "storage/table_moment.hpp"

namespace mvm::entry {

namespace {

using domain::ErrorCode;

[[noreturn]] void refuse_hash(pg_cryptohash_ctx *hash)
{
    ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR),
                    errmsg("could not compute SHA-256: %s", pg_cryptohash_error(hash))));
}

void add(pg_cryptohash_ctx *hash, const void *bytes, Size count)
{
    if (pg_cryptohash_update(hash, static_cast<const uint8 *>(bytes), count) < 0) {
        refuse_hash(hash);
    }
}

// The text of a row does not depend on the session's settings, which both functions set. Links are
// left out: they follow from the rest, and are repaired. The ranges come in order, and the rows of
// each: however many they are, they need not be sorted.
constexpr const char *lines =
    "SELECT j.line FROM unnest($2 - $1) AS r (ids) CROSS JOIN LATERAL ("
    " SELECT ROW(j.id, j.transaction_time, j.kind, j.user_id, j.counterparty_id, j.item_id,"
    "  j.quantity, j.paid_minor, j.received_minor, j.fee_minor, j.tariff_minor,"
    "  j.from_universe_id, j.to_universe_id, j.from_rate, j.to_rate, j.reference_id,"
    "  j.idempotency_key, j.memo)::text AS line"
    " FROM mvm.journal j WHERE j.id >= lower(r.ids) AND j.id < upper(r.ids)"
    " ORDER BY j.id OFFSET 0) j";

constexpr long lines_per_fetch = 1000;

void add_lines(pg_cryptohash_ctx *hash, Portal portal)
{
    do {
        CHECK_FOR_INTERRUPTS();
        SPI_cursor_fetch(portal, true, lines_per_fetch);
        for (uint64 i = 0; i < SPI_processed; ++i) {
            bool is_null = false;
            const Datum value =
                SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &is_null);
            const text *line = DatumGetTextPP(value);
            add(hash, VARDATA_ANY(line), VARSIZE_ANY_EXHDR(line));
            add(hash, "\n", 1);
        }
        SPI_freetuptable(SPI_tuptable);
    } while (SPI_processed > 0);
}

void add_line(pg_cryptohash_ctx *hash, const char *line)
{
    add(hash, line, strlen(line));
    add(hash, "\n", 1);
}

// SHA-256 over a digest, the ranges of ids that are covered, and the rows that are new in them. The
// ranges are part of it: whoever covers fewer ids later, to leave a row out, changes the digest.
bytea *digest_of(const bytea *before, Datum known, Datum covered)
{
    auto *digest = static_cast<bytea *>(palloc(VARHDRSZ + PG_SHA256_DIGEST_LENGTH));
    SET_VARSIZE(digest, VARHDRSZ + PG_SHA256_DIGEST_LENGTH);
    SPI_connect();
    pg_cryptohash_ctx *hash = pg_cryptohash_create(PG_SHA256);
    if (hash == nullptr || pg_cryptohash_init(hash) < 0) {
        refuse_hash(hash);
    }
    add(hash, VARDATA_ANY(before), VARSIZE_ANY_EXHDR(before));
    add_line(hash, OidOutputFunctionCall(F_MULTIRANGE_OUT, covered));
    Oid types[] = {INT8MULTIRANGEOID, INT8MULTIRANGEOID};
    Datum values[] = {known, covered};
    Portal portal = SPI_cursor_open_with_args(nullptr, lines, 2, types, values, nullptr, true, 0);
    add_lines(hash, portal);
    SPI_cursor_close(portal);
    if (pg_cryptohash_final(hash, reinterpret_cast<uint8 *>(VARDATA(digest)),
                            PG_SHA256_DIGEST_LENGTH) < 0) {
        refuse_hash(hash);
    }
    pg_cryptohash_free(hash);
    SPI_finish();
    return digest;
}

Datum journal_digest_function(FunctionCallInfo fcinfo)
{
    for (int argument = 0; argument < 3; ++argument) {
        if (PG_ARGISNULL(argument)) {
            market::raise(market::null_argument("an argument of mvm.journal_digest()"));
        }
    }
    return PointerGetDatum(
        digest_of(PG_GETARG_BYTEA_PP(0), PG_GETARG_DATUM(1), PG_GETARG_DATUM(2)));
}

Datum text_value(const char *text, Oid input_function, Oid type)
{
    return OidInputFunctionCall(input_function, const_cast<char *>(text), type, -1);
}

// Each checkpoint's digest is over the one before, as it is computed here.
Datum verify_function(FunctionCallInfo fcinfo)
{
    const std::int64_t checkpoint_id = int8_argument(fcinfo, 0, "checkpoint_id");
    RowWriter rows = result_set(fcinfo);
    storage::lock_all_tables();
    storage::require_all_tables_seen();
    SPI_connect();
    Oid types[] = {INT8OID};
    Datum arguments[] = {Int64GetDatum(checkpoint_id)};
    if (SPI_execute_with_args("SELECT d.checkpoint_id, COALESCE(upper(d.covered) - 1, 0),"
                              " d.digest, d.covered FROM mvm.audit_digest d"
                              " WHERE d.checkpoint_id <= $1 ORDER BY d.checkpoint_id",
                              1, types, arguments, nullptr, true, 0) != SPI_OK_SELECT) {
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not verify the journal")));
    }
    SPITupleTable *checkpoints = SPI_tuptable;
    std::int64_t last_id = 0;
    const auto *before = DatumGetByteaPP(text_value("", F_BYTEAIN, BYTEAOID));
    Datum known = text_value("{}", F_MULTIRANGE_IN, INT8MULTIRANGEOID);
    for (uint64 i = 0; i < checkpoints->numvals; ++i) {
        bool is_null = false;
        const auto column = [&](int number) {
            return SPI_getbinval(checkpoints->vals[i], checkpoints->tupdesc, number, &is_null);
        };
        const Datum covered = column(4);
        const bytea *computed = digest_of(before, known, covered);
        last_id = DatumGetInt64(column(1));
        rows.add(column(1));
        rows.add(column(2));
        rows.add(column(3));
        rows.add(PointerGetDatum(computed));
        put_row(rows);
        before = computed;
        known = covered;
    }
    SPI_finish();
    if (last_id != checkpoint_id) {
        pg::raise(ErrorCode::invalid_argument,
                  psprintf("There is no digest of a checkpoint " INT64_FORMAT ".", checkpoint_id),
                  "mvm_audit_checkpoint() makes one.");
    }
    return Datum{0};
}

} // namespace

} // namespace mvm::entry

MVM_SQL_FUNCTION(mvm_journal_digest, mvm::entry::journal_digest_function)
MVM_SQL_FUNCTION(mvm_verify, mvm::entry::verify_function)
