-- What the house holds.

CREATE TABLE mvm.house_account (
    universe_id integer NOT NULL,
    slot integer NOT NULL,
    treasury_minor numeric NOT NULL,
    fees_minor numeric NOT NULL,
    CONSTRAINT house_account_pkey PRIMARY KEY (universe_id, slot)
) WITH (fillfactor = 50);
COMMENT ON TABLE mvm.house_account IS
    'What the house holds on its accounts treasury and fees: the sum of a universe''s slots, so that it is read in constant time and trades never wait for one another';
COMMENT ON COLUMN mvm.house_account.slot IS
    '0: what was taken out, and what was there before the slots; others: what the server processes of that place have added';
COMMENT ON COLUMN mvm.house_account.treasury_minor IS 'Part of the treasury, minor units of the universe''s currency; below zero where more was taken than added';
COMMENT ON COLUMN mvm.house_account.fees_minor IS 'Part of the fees, likewise';
CREATE TRIGGER house_account_rows_stay BEFORE DELETE OR TRUNCATE ON mvm.house_account
    FOR EACH STATEMENT EXECUTE FUNCTION mvm.refuse_change();

CREATE TABLE mvm.audit_house_account (
    universe_id integer NOT NULL,
    treasury_minor numeric NOT NULL,
    fees_minor numeric NOT NULL,
    CONSTRAINT audit_house_account_pkey PRIMARY KEY (universe_id)
);
COMMENT ON TABLE mvm.audit_house_account IS 'What the house held as of the checkpoint of the audit, sums in minor units';
