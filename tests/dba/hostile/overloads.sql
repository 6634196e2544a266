-- Plants, as the role mvm_hostile_stranger, functions with the names of the market's beside these, with fewer arguments or
-- with arguments of other types: such as match as well where an argument is left out, and better where one is a literal.
SET search_path = pg_catalog, pg_temp;
SET synchronous_commit = off;
GRANT ALL ON ALL TABLES IN SCHEMA hostile TO mvm_hostile_stranger;
CREATE FUNCTION hostile.plant_if_new(signature text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hostile.plant(signature, 'text');
EXCEPTION WHEN duplicate_function THEN
    NULL; -- the market's own
END $$;

SET ROLE mvm_hostile_stranger;
CREATE TABLE pg_temp.market_function AS
SELECT p.proname AS name, p.pronargs::integer AS most, p.pronargs - p.pronargdefaults::integer AS least,
    ARRAY(SELECT format_type(t, NULL) FROM unnest(p.proargtypes) WITH ORDINALITY a (t, place) ORDER BY place) AS types
FROM pg_proc p
WHERE p.pronamespace = 'public'::regnamespace AND p.proname LIKE 'mvm\_%' AND p.proowner <> current_role::regrole;
SELECT hostile.plant_if_new(format('public.%I(%s)', name,
    replace(replace(array_to_string(types[:given], ', '), old, new), 'text[', 'name[')))
FROM pg_temp.market_function, generate_series(least, most) given, (VALUES ('nothing', 'nothing'), ('bigint', 'integer'),
    ('numeric', 'integer'), ('integer', 'bigint'), ('text', 'name'), ('name', 'text'), ('text', 'varchar'),
    ('timestamp with time zone', 'timestamp'), ('interval', 'text')) v (old, new);
SELECT hostile.plant_if_new(format('public.%I(VARIADIC anyarray)', name)) FROM pg_temp.market_function;
