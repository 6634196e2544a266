-- The sample market, into an empty one.
\ir functions-schema.sql
SELECT :"functions".mvm_seed();
