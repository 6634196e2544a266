-- The market's own schema: tables in it hold integers in minor units and have singular names, views of it show numeric amounts
-- and have plural names. Functions for callers (mvm_*) live in the schema that CREATE EXTENSION names, public unless told
-- otherwise.

CREATE SCHEMA mvm;
COMMENT ON SCHEMA mvm IS
    'Multiverse Market: tables in minor units (singular names), views with numeric amounts (plural names)';

-- Nothing was there before: see privileges.sql.
SELECT set_config('mvm.known_functions', '{}', true);
