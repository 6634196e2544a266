-- What every test file starts from: a clean extension with the sample market,
-- outcome(), which shows how a call ends without ending the script, and
-- violations_after(), which runs a statement, shows what the audit then reports, and undoes it.
-- A user named mvm would otherwise find the extension's schema before public.
SET search_path = public;
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS mvm CASCADE;
CREATE EXTENSION mvm;
DO $$ BEGIN PERFORM mvm_seed(); END $$;

DROP FUNCTION IF EXISTS outcome(text);
CREATE FUNCTION outcome(statement text, OUT code text, OUT message text, OUT detail text)
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    code := '00000';
    message := 'ok';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
END $$;

DROP FUNCTION IF EXISTS violations_after(text, bigint);
CREATE FUNCTION violations_after(statement text, since bigint DEFAULT NULL) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    violations text;
BEGIN
    EXECUTE statement;
    IF since IS NULL THEN
        SELECT string_agg(check_name || ' ' || subject, ', ' ORDER BY check_name, subject) INTO violations FROM mvm_audit();
    ELSE
        SELECT string_agg(check_name || ' ' || subject, ', ' ORDER BY check_name, subject) INTO violations FROM mvm_audit(since);
    END IF;
    RAISE EXCEPTION SQLSTATE 'UNDO0';
EXCEPTION WHEN SQLSTATE 'UNDO0' THEN
    RETURN COALESCE(violations, 'nothing');
END $$;
RESET client_min_messages;
