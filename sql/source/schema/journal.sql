-- The journal, and what is found by it.

CREATE SEQUENCE mvm.journal_id_seq AS bigint;
-- One row per business event. No foreign keys: each would lock a row of every
-- universe and user an event names, and so make them hot; the rows the journal
-- names cannot be deleted instead, and mvm_audit() checks that all are there.
CREATE TABLE mvm.journal (
    id bigint NOT NULL DEFAULT pg_catalog.nextval('mvm.journal_id_seq'),
    transaction_time timestamptz NOT NULL,
    user_id bigint,
    counterparty_id bigint,
    item_id bigint,
    quantity bigint,
    paid_minor bigint,
    received_minor bigint,
    from_universe_id integer NOT NULL,
    to_universe_id integer NOT NULL,
    kind "char" NOT NULL,
    from_rate numeric,
    to_rate numeric,
    idempotency_key text COLLATE "C",
    fee_minor bigint,
    tariff_minor bigint,
    reference_id bigint,
    memo text,
    from_previous_id bigint,
    to_previous_id bigint,
    CONSTRAINT journal_pkey PRIMARY KEY (id),
    CONSTRAINT journal_memo_length CHECK (pg_catalog.char_length(memo) <= 255),
\include source/schema/journal_money_positive.sql
    ,
\include source/schema/journal_kind_complete.sql
);
ALTER SEQUENCE mvm.journal_id_seq OWNED BY mvm.journal.id;
-- A user's other rows are found through their wallets; these move none.
CREATE INDEX journal_stocking_idx ON mvm.journal (user_id, id) WHERE kind IN (@listing@, @restock@);
COMMENT ON TABLE mvm.journal IS
    'Append-only record, one row per business event, written in the transaction that moves the balances. Events that touch one wallet or item have ids and times in the order in which they took effect';
COMMENT ON COLUMN mvm.journal.transaction_time IS 'When it took effect: read from the clock after the rows were locked';
COMMENT ON COLUMN mvm.journal.user_id IS
    'Who acted: buyer, exchanger, depositor, withdrawer, sender; the seller of a listing or restock (null: treasury); of a refund the buyer, who gets the money back; null: the house, of a payout';
COMMENT ON COLUMN mvm.journal.counterparty_id IS
    'Seller of a purchase or refund; null: the treasury of to_universe_id. Receiver of a transfer';
COMMENT ON COLUMN mvm.journal.quantity IS 'Pieces bought, listed, restocked, given back, held or released';
COMMENT ON COLUMN mvm.journal.paid_minor IS
    'Taken from the payer, tariff included, minor units of from_universe_id''s currency; of a refund, given back to the buyer';
COMMENT ON COLUMN mvm.journal.received_minor IS
    'Given to the receiver, fee taken off, minor units of to_universe_id''s currency; of a refund, taken back from the seller';
COMMENT ON COLUMN mvm.journal.kind IS
    '@kind_letters@';
COMMENT ON COLUMN mvm.journal.from_rate IS 'Exchange rate of from_universe_id that was used';
COMMENT ON COLUMN mvm.journal.to_rate IS 'Exchange rate of to_universe_id that was used';
COMMENT ON COLUMN mvm.journal.idempotency_key IS 'Key the caller gave, if any';
COMMENT ON COLUMN mvm.journal.fee_minor IS 'The house''s fee, minor units of to_universe_id''s currency; null: none';
COMMENT ON COLUMN mvm.journal.tariff_minor IS
    'To the treasury of from_universe_id, minor units of its currency; null: none';
COMMENT ON COLUMN mvm.journal.reference_id IS 'Purchase that a refund undoes; quote that an exchange accepted; hold of a hold, its release and its purchase';
COMMENT ON COLUMN mvm.journal.memo IS
    'The client''s own note on a deposit, withdrawal, payout, transfer, purchase or exchange, kept as given, at most 255 characters';
COMMENT ON COLUMN mvm.journal.from_previous_id IS
    'The row before this one of the wallet that it moves in from_universe_id; 0: it is the wallet''s first; null: it moves none there, or its row before is not known until mvm_relink_journal()';
COMMENT ON COLUMN mvm.journal.to_previous_id IS
    'The same in to_universe_id; null also where that is the same wallet';
CREATE TRIGGER journal_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON mvm.journal
    FOR EACH STATEMENT EXECUTE FUNCTION mvm.refuse_change();

CREATE TABLE mvm.refund (
    transaction_id bigint NOT NULL,
    refund_id bigint NOT NULL,
    quantity bigint NOT NULL,
    CONSTRAINT refund_pkey PRIMARY KEY (transaction_id, refund_id),
    CONSTRAINT refund_quantity_positive CHECK (quantity > 0)
);
COMMENT ON TABLE mvm.refund IS
    'Append-only: which refunds a purchase has had. Found by the purchase, so that the journal needs no index for it';
COMMENT ON COLUMN mvm.refund.transaction_id IS 'Journal row of the purchase';
COMMENT ON COLUMN mvm.refund.refund_id IS 'Journal row of the refund';
CREATE TRIGGER refund_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON mvm.refund
    FOR EACH STATEMENT EXECUTE FUNCTION mvm.refuse_change();

CREATE TABLE mvm.idempotency_key (
    user_id bigint NOT NULL,
    transaction_id bigint,
    created_at timestamptz NOT NULL,
    key text COLLATE "C" NOT NULL,
    request text NOT NULL,
    refusal text,
    refusal_detail text,
    CONSTRAINT idempotency_key_pkey PRIMARY KEY (user_id, key),
    CONSTRAINT idempotency_key_length CHECK (pg_catalog.char_length(key) BETWEEN 1 AND 255)
) WITH (fillfactor = 80);
CREATE INDEX idempotency_key_created_at_idx ON mvm.idempotency_key USING brin (created_at) WITH (autosummarize = on);
COMMENT ON TABLE mvm.idempotency_key IS
    'Keys that callers gave with a write, committed with it; purged by mvm_purge_idempotency_keys()';
COMMENT ON COLUMN mvm.idempotency_key.transaction_id IS 'Journal row that answers the key; null when the answer is a refusal';
COMMENT ON COLUMN mvm.idempotency_key.request IS 'The request in canonical form: the same key with another request is refused';
COMMENT ON COLUMN mvm.idempotency_key.refusal IS 'Code of the error that answers the key: an order of a batch that was refused';
COMMENT ON COLUMN mvm.idempotency_key.refusal_detail IS 'The numbers of that refusal';
