-- Items for sale, and what they cost before.

CREATE SEQUENCE mvm.item_id_seq AS bigint;
CREATE TABLE mvm.item (
    id bigint NOT NULL DEFAULT pg_catalog.nextval('mvm.item_id_seq'),
    seller_id bigint,
    price_minor bigint NOT NULL,
    stock bigint NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    universe_id integer NOT NULL,
    name text NOT NULL,
    listed boolean NOT NULL DEFAULT true,
    external_id text COLLATE "C",
    metadata jsonb,
    CONSTRAINT item_pkey PRIMARY KEY (id),
    CONSTRAINT item_universe_id_fkey FOREIGN KEY (universe_id) REFERENCES mvm.universe (id),
    CONSTRAINT item_seller_id_fkey FOREIGN KEY (seller_id) REFERENCES mvm.user_account (id),
    CONSTRAINT item_id_positive CHECK (id > 0),
    CONSTRAINT item_name_length CHECK (pg_catalog.char_length(name) BETWEEN 1 AND 255),
    CONSTRAINT item_price_positive CHECK (price_minor > 0),
    CONSTRAINT item_stock_not_negative CHECK (stock >= 0),
    CONSTRAINT item_external_id_length CHECK (pg_catalog.char_length(external_id) BETWEEN 1 AND 255),
    CONSTRAINT item_metadata_object CHECK (pg_catalog.jsonb_typeof(metadata) = 'object')
) WITH (fillfactor = 80);
ALTER SEQUENCE mvm.item_id_seq OWNED BY mvm.item.id;
CREATE INDEX item_universe_id_idx ON mvm.item (universe_id, id);
CREATE INDEX item_seller_id_idx ON mvm.item (seller_id, id) WHERE seller_id IS NOT NULL;
CREATE UNIQUE INDEX item_external_id_key ON mvm.item (external_id) WHERE external_id IS NOT NULL;
COMMENT ON TABLE mvm.item IS 'An item for sale, priced in the currency of its universe';
COMMENT ON COLUMN mvm.item.seller_id IS 'Who sells and is paid; null: the treasury of the item''s universe';
COMMENT ON COLUMN mvm.item.price_minor IS 'Price of one piece in minor units of the universe''s currency';
COMMENT ON COLUMN mvm.item.stock IS 'Pieces left, never negative';
COMMENT ON COLUMN mvm.item.version IS 'Goes up by one in every update of the row';
COMMENT ON COLUMN mvm.item.listed IS 'Whether it is on the market';
COMMENT ON COLUMN mvm.item.external_id IS 'The platform''s own key of the item, unique; null: none';
COMMENT ON COLUMN mvm.item.metadata IS
    'The platform''s own data, a JSON object: kept, never read. Every purchase writes the item''s row anew, so keep it small';
CREATE TRIGGER item_rows_stay BEFORE DELETE OR TRUNCATE ON mvm.item
    FOR EACH STATEMENT EXECUTE FUNCTION mvm.refuse_change();

CREATE TABLE mvm.price_change (
    item_id bigint NOT NULL,
    valid_from timestamptz NOT NULL,
    price_minor bigint NOT NULL,
    CONSTRAINT price_change_pkey PRIMARY KEY (item_id, valid_from),
    CONSTRAINT price_change_price_positive CHECK (price_minor > 0)
);
COMMENT ON TABLE mvm.price_change IS 'Append-only: every price that an item was given after it was listed';
CREATE TRIGGER price_change_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON mvm.price_change
    FOR EACH STATEMENT EXECUTE FUNCTION mvm.refuse_change();
