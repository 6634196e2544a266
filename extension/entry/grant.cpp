// mvm_grant, mvm_revoke: what a role may do with the market, a set at a time.
#include "entry/arguments.hpp"
#include "entry/row_writer.hpp"
#include "pg/array.hpp"
#include "pg/guard.hpp"
#include "pg/refusal.hpp"
#include "storage/schema.hpp"

namespace mvm::entry {

namespace {

// Each set has the ones before it.
constexpr const char *privilege_sets[] = {"reader", "trader", "gateway", "operator"};
constexpr int no_set = -1;
constexpr int set_count = static_cast<int>(lengthof(privilege_sets));
// What the installation lets everybody call.
constexpr const char *everybody = "everybody";

// Which of them has a function or view; make writes it of the marks in sql/source. What none has is
// the owner's alone.
struct Privilege {
    const char *set;
    const char *name;
    bool is_view;
};
constexpr Privilege privileges[] = {
#include "privilege_sets.inc"
};

// A function or view of the extension, or its schema.
struct Member {
    const char *object; // as GRANT names it
    const char *name;
    Oid grantor; // of what the role has been granted on it
    enum Kind : char { function = 'f', view = 'v', schema = 's' } kind;
};

bool has(const char *set, const char *name, bool is_view)
{
    for (const Privilege &privilege : privileges) {
        if (privilege.is_view == is_view && strcmp(privilege.set, set) == 0 &&
            strcmp(privilege.name, name) == 0) {
            return true;
        }
    }
    return false;
}

// The place of the set that the function or view is in; set_count: no set has it.
int set_of(const char *name, bool is_view)
{
    int set = 0;
    while (set < set_count && !has(privilege_sets[set], name, is_view)) {
        ++set;
    }
    return set;
}

// Whether roles of the set have the member. Views that no set has are left as the owner wants.
bool is_in_set(const Member &member, int set)
{
    switch (member.kind) {
    case Member::function:
    case Member::view:
        return set_of(member.name, member.kind == Member::view) <= set;
    case Member::schema:
        return set != no_set;
    }
    return false;
}

bool is_in_any_set(const Member &member)
{
    return member.kind != Member::view || is_in_set(member, set_count - 1);
}

int require_set(const char *name)
{
    for (int set = 0; set < set_count; ++set) {
        if (strcmp(name, privilege_sets[set]) == 0) {
            return set;
        }
    }
    pg::raise(domain::ErrorCode::invalid_argument, psprintf("privilege_set is \"%s\".", name),
              "It is one of reader, trader, gateway, operator.");
}

void require_outcome(int outcome)
{
    if (outcome < 0) {
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not change privileges")));
    }
}

// Runs a query about the members of the extension ($1) and the role ($2), as the catalogue is now:
// the call's own snapshot may be older than what its statement, or a call that it waited for, has
// changed.
pg::Array<Member> members(const char *query, Oid extension, Oid role)
{
    static constexpr const char *all = R"(
        WITH member (object, name, kind, oid, acl) AS (
            SELECT 'FUNCTION ' || p.oid::regprocedure::text, p.proname::text, 'f'::"char", p.oid, p.proacl
            FROM pg_depend d JOIN pg_proc p ON p.oid = d.objid
            WHERE d.classid = 'pg_proc'::regclass AND d.deptype = 'e'
              AND d.refclassid = 'pg_extension'::regclass AND d.refobjid = $1
            UNION ALL
            SELECT 'TABLE mvm.' || quote_ident(c.relname), c.relname::text, 'v'::"char", c.oid, c.relacl
            FROM pg_depend d JOIN pg_class c ON c.oid = d.objid
            WHERE d.classid = 'pg_class'::regclass AND d.deptype = 'e' AND c.relkind = 'v'
              AND d.refclassid = 'pg_extension'::regclass AND d.refobjid = $1
            UNION ALL
            SELECT 'SCHEMA mvm', n.nspname::text, 's'::"char", n.oid, n.nspacl
            FROM pg_namespace n WHERE n.nspname = 'mvm'
        ))";
    Oid types[] = {OIDOID, OIDOID};
    Datum values[] = {ObjectIdGetDatum(extension), ObjectIdGetDatum(role)};
    PushActiveSnapshot(GetLatestSnapshot());
    require_outcome(
        SPI_execute_with_args(psprintf("%s%s", all, query), 2, types, values, nullptr, true, 0));
    PopActiveSnapshot();
    pg::Array<Member> found{};
    for (uint64 i = 0; i < SPI_processed; ++i) {
        HeapTuple row = SPI_tuptable->vals[i];
        TupleDesc columns = SPI_tuptable->tupdesc;
        bool is_null = false;
        found.push({SPI_getvalue(row, columns, 1), SPI_getvalue(row, columns, 2),
                    DatumGetObjectId(SPI_getbinval(row, columns, 3, &is_null)),
                    Member::Kind{DatumGetChar(SPI_getbinval(row, columns, 4, &is_null))}});
    }
    return found;
}

// A grant can only be revoked as its grantor, so the caller must be a member of that role.
void revoke_as(Oid grantor, const Member &member, const char *role)
{
    Oid user = InvalidOid;
    int context = 0;
    GetUserIdAndSecContext(&user, &context);
    if (!has_privs_of_role(user, grantor)) {
        ereport(ERROR,
                (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                 errmsg("permission denied to revoke what role \"%s\" has granted",
                        GetUserNameFromId(grantor, false)),
                 errdetail("Role %s has privileges on %s by that grant.", role, member.object)));
    }
    SetUserIdAndSecContext(grantor, context | SECURITY_LOCAL_USERID_CHANGE);
    require_outcome(
        SPI_execute(psprintf("REVOKE ALL ON %s FROM %s CASCADE", member.object, role), false, 0));
    SetUserIdAndSecContext(user, context);
}

// Revokes what is outside the set, and what the role has granted of it to others.
void revoke_outside(int set, Oid extension, Oid role, const char *role_name)
{
    pg::Array<Member> held = members(R"(
        SELECT DISTINCT m.object, m.name, a.grantor, m.kind
        FROM member m
        CROSS JOIN LATERAL (
            SELECT g.grantor, g.grantee FROM aclexplode(m.acl) g
            UNION ALL
            SELECT g.grantor, g.grantee
            FROM pg_attribute c CROSS JOIN LATERAL aclexplode(c.attacl) g
            WHERE m.kind = 'v' AND c.attrelid = m.oid
        ) a
        WHERE a.grantee = $2
        ORDER BY m.kind, m.object, a.grantor)",
                                     extension, role);
    for (const Member &member : held) {
        if (is_in_any_set(member) && !is_in_set(member, set)) {
            revoke_as(member.grantor, member, role_name);
        }
    }
}

void grant_inside(int set, Oid extension, Oid role, const char *role_name)
{
    static constexpr const char *everything = R"(
        SELECT m.object, m.name, 0::oid, m.kind FROM member m ORDER BY m.kind, m.object)";
    for (const Member &member : members(everything, extension, role)) {
        if (is_in_set(member, set)) {
            const char *privilege = member.kind == Member::function ? "EXECUTE"
                                    : member.kind == Member::view   ? "SELECT"
                                                                    : "USAGE";
            require_outcome(SPI_execute(
                psprintf("GRANT %s ON %s TO %s", privilege, member.object, role_name), false, 0));
        }
    }
}

// A NOTICE of what the role may do all the same: through PUBLIC, or a role that it is a member of.
void notice_what_is_inherited(int set, Oid extension, Oid role, const char *role_name)
{
    if (superuser_arg(role)) {
        return;
    }
    pg::Array<Member> reachable = members(R"(
        SELECT m.object, m.name, 0::oid, m.kind FROM member m
        WHERE CASE m.kind
            WHEN 'f' THEN has_function_privilege($2, m.oid, 'EXECUTE')
            WHEN 'v' THEN has_table_privilege($2, m.oid, 'SELECT')
            ELSE false
        END
        ORDER BY m.kind, m.object)",
                                          extension, role);
    int count = 0;
    const char *first = nullptr;
    for (const Member &member : reachable) {
        if (is_in_any_set(member) && !is_in_set(member, set) &&
            !has(everybody, member.name, false)) {
            first = count == 0 ? member.object : first;
            ++count;
        }
    }
    if (count > 0) {
        ereport(
            NOTICE,
            (errmsg("role %s still has privileges outside the set, %d in number, the first on %s",
                    role_name, count, first),
             errhint("It has them as a member of another role, or as everybody has: revoke "
                     "them there.")));
    }
}

Oid owner_of(Oid function)
{
    HeapTuple row = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
    if (!HeapTupleIsValid(row)) {
        elog(ERROR, "cache lookup failed for function %u", function);
    }
    const Oid owner = reinterpret_cast<Form_pg_proc>(GETSTRUCT(row))->proowner;
    ReleaseSysCache(row);
    return owner;
}

// Gives the role exactly the set: all of it, and nothing that is only in others.
void make_exact(FunctionCallInfo fcinfo, const char *role_name, int set)
{
    const Oid role = get_role_oid(role_name, true);
    if (!OidIsValid(role)) {
        pg::raise(domain::ErrorCode::invalid_argument,
                  psprintf("There is no role \"%s\".", role_name));
    }
    const Oid self = fcinfo->flinfo->fn_oid;
    const Oid extension = getExtensionOfObject(ProcedureRelationId, self);
    const Oid owner = owner_of(self);
    if (!has_privs_of_role(GetUserId(), owner)) {
        aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_EXTENSION, get_extension_name(extension));
    }
    if (role == owner) {
        pg::raise(domain::ErrorCode::invalid_argument,
                  psprintf("Role \"%s\" owns the market.", role_name),
                  "An owner has every privilege.");
    }
    // One at a time: two would change the same rows of the catalogue.
    LockDatabaseObject(ExtensionRelationId, extension, 0, ShareUpdateExclusiveLock);
    const char *quoted_name = quote_identifier(role_name);
    SPI_connect();
    revoke_outside(set, extension, role, quoted_name);
    grant_inside(set, extension, role, quoted_name);
    CommandCounterIncrement();
    notice_what_is_inherited(set, extension, role, quoted_name);
    SPI_finish();
}

const char *role_argument(FunctionCallInfo fcinfo)
{
    if (PG_ARGISNULL(0)) {
        pg::raise(domain::ErrorCode::invalid_argument, "role_name must not be null.");
    }
    return NameStr(*PG_GETARG_NAME(0));
}

Datum grant_function(FunctionCallInfo fcinfo)
{
    const char *role_name = role_argument(fcinfo);
    if (PG_ARGISNULL(1)) {
        pg::raise(domain::ErrorCode::invalid_argument, "privilege_set must not be null.");
    }
    make_exact(fcinfo, role_name, require_set(text_to_cstring(PG_GETARG_TEXT_PP(1))));
    return Datum{0};
}

Datum revoke_function(FunctionCallInfo fcinfo)
{
    make_exact(fcinfo, role_argument(fcinfo), no_set);
    return Datum{0};
}

Datum privilege_sets_function(FunctionCallInfo fcinfo)
{
    RowWriter rows = result_set(fcinfo);
    for (const Privilege &privilege : privileges) {
        if (strcmp(privilege.set, everybody) != 0) {
            rows.add_text(privilege.set);
            rows.add_text(privilege.name);
            rows.add_bool(privilege.is_view);
            put_row(rows);
        }
    }
    return Datum{0};
}

} // namespace

} // namespace mvm::entry

MVM_SQL_FUNCTION(mvm_grant, mvm::entry::grant_function)
MVM_SQL_FUNCTION(mvm_revoke, mvm::entry::revoke_function)
MVM_SQL_FUNCTION(mvm_privilege_sets, mvm::entry::privilege_sets_function)
