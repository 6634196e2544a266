-- Quotes and holds: what one may do later at terms of today.

CREATE SEQUENCE mvm.quote_id_seq AS bigint;
CREATE TABLE mvm.quote (
    id bigint NOT NULL DEFAULT pg_catalog.nextval('mvm.quote_id_seq'),
    user_id bigint NOT NULL,
    paid_minor bigint NOT NULL,
    received_minor bigint NOT NULL,
    fee_minor bigint NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    from_universe_id integer NOT NULL,
    to_universe_id integer NOT NULL,
    from_rate numeric NOT NULL,
    to_rate numeric NOT NULL,
    transaction_id bigint,
    CONSTRAINT quote_pkey PRIMARY KEY (id),
    CONSTRAINT quote_amounts_positive CHECK (paid_minor > 0 AND received_minor > 0 AND fee_minor >= 0),
    CONSTRAINT quote_lives CHECK (expires_at > created_at)
) WITH (fillfactor = 80);
ALTER SEQUENCE mvm.quote_id_seq OWNED BY mvm.quote.id;
CREATE INDEX quote_open_idx ON mvm.quote (user_id, to_universe_id, expires_at) WHERE transaction_id IS NULL;
COMMENT ON TABLE mvm.quote IS
    'Exchanges at a rate that is frozen until expires_at; those that nobody accepted are purged by mvm_purge_quotes()';
COMMENT ON COLUMN mvm.quote.transaction_id IS 'The exchange that accepted it; null: nobody has';
CREATE TRIGGER quote_rows_stay BEFORE TRUNCATE ON mvm.quote
    FOR EACH STATEMENT EXECUTE FUNCTION mvm.refuse_change();
CREATE TRIGGER quote_stays_unless_expired BEFORE DELETE ON mvm.quote
    FOR EACH ROW WHEN (OLD.transaction_id IS NOT NULL OR OLD.expires_at > pg_catalog.now())
    EXECUTE FUNCTION mvm.refuse_change();

-- What a hold sets aside is out of the buyer's wallet and the item's stock. Its terms are frozen: price, rates, fee, tariff.
CREATE SEQUENCE mvm.hold_id_seq AS bigint;
CREATE TABLE mvm.hold (
    id bigint NOT NULL DEFAULT pg_catalog.nextval('mvm.hold_id_seq'),
    buyer_id bigint NOT NULL,
    item_id bigint NOT NULL,
    seller_id bigint,
    quantity bigint NOT NULL,
    captured_quantity bigint NOT NULL,
    price_minor bigint NOT NULL,
    paid_minor bigint NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    from_universe_id integer NOT NULL,
    to_universe_id integer NOT NULL,
    state "char" NOT NULL,
    from_rate numeric NOT NULL,
    to_rate numeric NOT NULL,
    sale_fee_rate numeric,
    tariff_rate numeric,
    CONSTRAINT hold_pkey PRIMARY KEY (id),
    CONSTRAINT hold_amounts_positive CHECK (quantity > 0 AND price_minor > 0 AND paid_minor > 0),
    CONSTRAINT hold_lives CHECK (expires_at > created_at),
    CONSTRAINT hold_state_known CHECK (state IN ('a', 'c', 'r', 'e')),
    CONSTRAINT hold_captured CHECK (
        CASE state WHEN 'c' THEN captured_quantity BETWEEN 1 AND quantity ELSE captured_quantity = 0 END)
) WITH (fillfactor = 80);
ALTER SEQUENCE mvm.hold_id_seq OWNED BY mvm.hold.id;
CREATE INDEX hold_open_idx ON mvm.hold (buyer_id, to_universe_id, expires_at) WHERE state = 'a';
CREATE INDEX hold_expires_at_idx ON mvm.hold (expires_at, id) WHERE state = 'a';
CREATE INDEX hold_item_id_idx ON mvm.hold (item_id, expires_at, id) WHERE state = 'a';
CREATE INDEX hold_buyer_id_idx ON mvm.hold (buyer_id, from_universe_id, expires_at, id) WHERE state = 'a';
COMMENT ON TABLE mvm.hold IS
    'Stock and money set aside for a purchase. An active one past expires_at counts as released for everyone who looks, and is released by whoever falls short of what it keeps, or by mvm_sweep_holds()';
COMMENT ON COLUMN mvm.hold.seller_id IS 'Who will be paid; null: the treasury of to_universe_id';
COMMENT ON COLUMN mvm.hold.price_minor IS 'Price of one piece, minor units of to_universe_id''s currency';
COMMENT ON COLUMN mvm.hold.paid_minor IS 'Set aside from the buyer''s wallet, tariff included, minor units of from_universe_id''s currency';
COMMENT ON COLUMN mvm.hold.state IS 'a active, c captured, r released, e released because its time was over';
CREATE TRIGGER hold_rows_stay BEFORE DELETE OR TRUNCATE ON mvm.hold
    FOR EACH STATEMENT EXECUTE FUNCTION mvm.refuse_change();
