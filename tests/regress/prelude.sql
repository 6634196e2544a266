-- What every test file starts from: a clean extension with the sample market,
-- and outcome(), which shows how a call ends without ending the script.
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
RESET client_min_messages;
