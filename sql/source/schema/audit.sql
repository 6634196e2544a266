-- The checkpoint of the audit.

CREATE TABLE mvm.audit_checkpoint (
    only_one boolean NOT NULL DEFAULT true,
    id bigint NOT NULL,
    made_at timestamptz NOT NULL,
    journal_id bigint NOT NULL,
    pending int8multirange NOT NULL,
    next_transaction_id xid8 NOT NULL,
    CONSTRAINT audit_checkpoint_pkey PRIMARY KEY (only_one),
    CONSTRAINT audit_checkpoint_only_one CHECK (only_one)
);
COMMENT ON TABLE mvm.audit_checkpoint IS
    'The latest checkpoint of the audit: until there all was well. Journal rows that it knew are those up to journal_id but pending';
COMMENT ON COLUMN mvm.audit_checkpoint.only_one IS 'There is one row at most';
COMMENT ON COLUMN mvm.audit_checkpoint.journal_id IS 'Highest id of a journal row that its snapshot saw';
COMMENT ON COLUMN mvm.audit_checkpoint.pending IS
    'Lower ids that its snapshot did not see: their transactions were in flight then, or rolled back';
COMMENT ON COLUMN mvm.audit_checkpoint.next_transaction_id IS
    'Transactions that were in flight then have lower ids: once all of these have ended, nothing is pending any more';

CREATE TABLE mvm.audit_wallet (
    user_id bigint NOT NULL,
    balance_minor bigint NOT NULL,
    universe_id integer NOT NULL,
    last_journal_id bigint,
    CONSTRAINT audit_wallet_pkey PRIMARY KEY (user_id, universe_id)
);
COMMENT ON TABLE mvm.audit_wallet IS 'Balances of the wallets as of the checkpoint of the audit';
COMMENT ON COLUMN mvm.audit_wallet.last_journal_id IS
    'The wallet''s last journal row as of the checkpoint; 0: there was none; null: not known until the next checkpoint';

CREATE TABLE mvm.audit_item (
    item_id bigint NOT NULL,
    stock bigint NOT NULL,
    CONSTRAINT audit_item_pkey PRIMARY KEY (item_id)
);
COMMENT ON TABLE mvm.audit_item IS 'Stocks of the items as of the checkpoint of the audit';

CREATE TABLE mvm.audit_hold (
    universe_id integer NOT NULL,
    held_minor numeric NOT NULL,
    CONSTRAINT audit_hold_pkey PRIMARY KEY (universe_id)
);
COMMENT ON TABLE mvm.audit_hold IS 'What holds kept of each currency as of the checkpoint of the audit, a sum in minor units';
