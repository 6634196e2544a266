-- Users, and what they hold.

CREATE SEQUENCE mvm.user_account_id_seq AS bigint;
CREATE TABLE mvm.user_account (
    id bigint NOT NULL DEFAULT pg_catalog.nextval('mvm.user_account_id_seq'),
    version bigint NOT NULL DEFAULT 1,
    universe_id integer NOT NULL,
    username text COLLATE "C" NOT NULL,
    external_id text COLLATE "C",
    metadata jsonb,
    CONSTRAINT user_account_pkey PRIMARY KEY (id),
    CONSTRAINT user_account_username_key UNIQUE (username),
    CONSTRAINT user_account_universe_id_fkey FOREIGN KEY (universe_id) REFERENCES mvm.universe (id),
    CONSTRAINT user_account_id_positive CHECK (id > 0),
    CONSTRAINT user_account_username_length CHECK (pg_catalog.char_length(username) BETWEEN 1 AND 255),
    CONSTRAINT user_account_external_id_length CHECK (pg_catalog.char_length(external_id) BETWEEN 1 AND 255),
    CONSTRAINT user_account_metadata_object CHECK (pg_catalog.jsonb_typeof(metadata) = 'object')
);
ALTER SEQUENCE mvm.user_account_id_seq OWNED BY mvm.user_account.id;
CREATE UNIQUE INDEX user_account_external_id_key ON mvm.user_account (external_id) WHERE external_id IS NOT NULL;
COMMENT ON TABLE mvm.user_account IS 'A user and the universe that is their home';
COMMENT ON COLUMN mvm.user_account.version IS 'Goes up by one in every update of the row';
COMMENT ON COLUMN mvm.user_account.universe_id IS 'Home universe: purchases are paid from the wallet in its currency';
COMMENT ON COLUMN mvm.user_account.external_id IS 'The platform''s own key of the user, unique; null: none';
COMMENT ON COLUMN mvm.user_account.metadata IS 'The platform''s own data, a JSON object: kept, never read';
CREATE TRIGGER user_account_rows_stay BEFORE DELETE OR TRUNCATE ON mvm.user_account
    FOR EACH STATEMENT EXECUTE FUNCTION mvm.refuse_change();

-- Balances change in place: a fill factor below 100 and no index on a changing
-- column keep the updates heap-only.
CREATE TABLE mvm.wallet (
    user_id bigint NOT NULL,
    balance_minor bigint NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    universe_id integer NOT NULL,
    last_journal_id bigint,
    CONSTRAINT wallet_pkey PRIMARY KEY (user_id, universe_id),
    CONSTRAINT wallet_user_id_fkey FOREIGN KEY (user_id) REFERENCES mvm.user_account (id),
    CONSTRAINT wallet_universe_id_fkey FOREIGN KEY (universe_id) REFERENCES mvm.universe (id),
    CONSTRAINT wallet_balance_not_negative CHECK (balance_minor >= 0)
) WITH (fillfactor = 80);
COMMENT ON TABLE mvm.wallet IS 'What a user holds in one currency; created when first credited';
COMMENT ON COLUMN mvm.wallet.balance_minor IS 'Balance in minor units of the universe''s currency, never negative';
COMMENT ON COLUMN mvm.wallet.version IS 'Goes up by one in every update of the row';
COMMENT ON COLUMN mvm.wallet.last_journal_id IS
    'The last journal row that moved it; 0: none has; null: not known until mvm_relink_journal(). Never to be indexed: that would make every update write the indexes';
CREATE TRIGGER wallet_rows_stay BEFORE DELETE OR TRUNCATE ON mvm.wallet
    FOR EACH STATEMENT EXECUTE FUNCTION mvm.refuse_change();

CREATE TABLE mvm.balance_snapshot (
    user_id bigint NOT NULL,
    before_id bigint NOT NULL,
    balance_minor bigint NOT NULL,
    taken_at timestamptz NOT NULL,
    universe_id integer NOT NULL,
    last_journal_id bigint,
    CONSTRAINT balance_snapshot_pkey PRIMARY KEY (user_id, universe_id, before_id)
);
CREATE INDEX balance_snapshot_taken_at_idx ON mvm.balance_snapshot (user_id, universe_id, taken_at, before_id);
COMMENT ON TABLE mvm.balance_snapshot IS
    'What a wallet held before about every 64th of its movements, so that a balance of the past and a statement are counted from the nearest one; a row may be missing, but not be wrong';
COMMENT ON COLUMN mvm.balance_snapshot.before_id IS 'A journal row: the balance is by the wallet''s rows with lower ids, and by no others';
COMMENT ON COLUMN mvm.balance_snapshot.taken_at IS 'The transaction_time of that row';
COMMENT ON COLUMN mvm.balance_snapshot.last_journal_id IS
    'The wallet''s last journal row before before_id; 0: there was none; null: not known until mvm_relink_journal()';
CREATE TRIGGER balance_snapshot_unchanged BEFORE UPDATE ON mvm.balance_snapshot
    FOR EACH STATEMENT EXECUTE FUNCTION mvm.refuse_change();
