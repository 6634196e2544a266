-- What the extension is made of: a line per property of each object, without oids and positions, so that markets that came
-- to a version on different ways can be compared. Grants belong to the market's roles and are left out.
SELECT format('%s: %s', pg_describe_object(d.classid, d.objid, 0), property)
FROM pg_depend d
JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'mvm'
CROSS JOIN LATERAL (
    SELECT 'comment ' || obj_description(d.objid, d.classid::regclass::name)
    UNION ALL
    SELECT pg_get_functiondef(d.objid) WHERE d.classid = 'pg_proc'::regclass
    UNION ALL
    SELECT 'everyone may ' || a.privilege_type
    FROM (
        SELECT COALESCE(p.proacl, acldefault('f', p.proowner)) AS acl
        FROM pg_proc p WHERE d.classid = 'pg_proc'::regclass AND p.oid = d.objid
        UNION ALL
        SELECT c.relacl FROM pg_class c WHERE d.classid = 'pg_class'::regclass AND c.oid = d.objid
        UNION ALL
        SELECT n.nspacl FROM pg_namespace n WHERE d.classid = 'pg_namespace'::regclass AND n.oid = d.objid
    ) o
    CROSS JOIN aclexplode(o.acl) a WHERE a.grantee = 0
    UNION ALL
    SELECT pg_get_viewdef(c.oid) FROM pg_class c WHERE d.classid = 'pg_class'::regclass AND c.oid = d.objid AND c.relkind = 'v'
    UNION ALL
    SELECT format('column %s %s %s %s %s, %s', row_number() OVER (ORDER BY a.attnum), a.attname, format_type(a.atttypid, a.atttypmod),
        CASE WHEN a.attnotnull THEN 'not null' ELSE 'nullable' END, pg_get_expr(f.adbin, f.adrelid), col_description(a.attrelid, a.attnum))
    FROM pg_attribute a LEFT JOIN pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum
    WHERE d.classid = 'pg_class'::regclass AND a.attrelid = d.objid AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT format('attribute %s %s', a.attname, format_type(a.atttypid, a.atttypmod))
    FROM pg_type t JOIN pg_attribute a ON a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE d.classid = 'pg_type'::regclass AND t.oid = d.objid AND t.typtype = 'c'
    UNION ALL
    SELECT format('constraint %s %s', c.conname, pg_get_constraintdef(c.oid)) FROM pg_constraint c
    WHERE d.classid = 'pg_class'::regclass AND c.conrelid = d.objid
    UNION ALL
    SELECT pg_get_indexdef(i.indexrelid) FROM pg_index i WHERE d.classid = 'pg_class'::regclass AND i.indrelid = d.objid
    UNION ALL
    SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t
    WHERE d.classid = 'pg_class'::regclass AND t.tgrelid = d.objid AND NOT t.tgisinternal
    UNION ALL
    SELECT 'options ' || array_to_string(c.reloptions, ',') FROM pg_class c WHERE d.classid = 'pg_class'::regclass AND c.oid = d.objid
    UNION ALL
    SELECT 'dumped with its rows' WHERE d.classid = 'pg_class'::regclass AND d.objid = ANY (e.extconfig)
    UNION ALL
    SELECT 'is there'
) o(property)
WHERE property IS NOT NULL
-- From PostgreSQL 17 on row types and array types are members of their own; the table speaks for them.
  AND NOT (d.classid = 'pg_type'::regclass AND pg_describe_object(d.classid, d.objid, 0) ~ '(\[\]$|type mvm\.(?!exchange_result))')
ORDER BY pg_describe_object(d.classid, d.objid, 0) COLLATE "C", property COLLATE "C";
