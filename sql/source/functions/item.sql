-- Items.

-- Privilege set: gateway
CREATE FUNCTION @extschema@.mvm_list_item(
    seller_id bigint,
    name text,
    price numeric,
    stock bigint,
    universe_id integer DEFAULT NULL,
    external_id text DEFAULT NULL,
    metadata jsonb DEFAULT NULL
) RETURNS mvm.items
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_list_item';
COMMENT ON FUNCTION @extschema@.mvm_list_item(bigint, text, numeric, bigint, integer, text, jsonb) IS
    'Puts an item up for sale in universe_id, the seller''s home unless told; seller_id null with a universe: its treasury sells. The stock is journalled. external_id and metadata as in mvm_create_user(). MV001, MV003, MV201, MV202, MV203, MV204, MV205';

-- Privilege set: gateway
CREATE FUNCTION @extschema@.mvm_restock(item_id bigint, quantity bigint, idempotency_key text DEFAULT NULL)
    RETURNS mvm.transactions
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_restock';
COMMENT ON FUNCTION @extschema@.mvm_restock(bigint, bigint, text) IS
    'Adds pieces to an item''s stock, journalled. A key belongs to the seller. MV002, MV202, MV203, MV204, MV401';

-- Privilege set: gateway
CREATE FUNCTION @extschema@.mvm_set_price(item_id bigint, price numeric) RETURNS mvm.items
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_set_price';
COMMENT ON FUNCTION @extschema@.mvm_set_price(bigint, numeric) IS
    'Changes an item''s price, in its universe''s currency, and notes it in mvm.prices. A purchase pays the price at the moment it locks the item. MV002, MV201, MV203, MV204';

-- Privilege set: gateway
CREATE FUNCTION @extschema@.mvm_delist_item(item_id bigint) RETURNS mvm.items
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_delist_item';
COMMENT ON FUNCTION @extschema@.mvm_delist_item(bigint) IS
    'Takes an item off the market: nobody can buy it until mvm_relist_item(). MV002, MV203';

-- Privilege set: gateway
CREATE FUNCTION @extschema@.mvm_relist_item(item_id bigint) RETURNS mvm.items
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_relist_item';
COMMENT ON FUNCTION @extschema@.mvm_relist_item(bigint) IS 'Puts an item back on the market. MV002, MV203';

-- Privilege set: reader
CREATE FUNCTION @extschema@.mvm_items(seller_id bigint, max_rows integer DEFAULT 100, after_id bigint DEFAULT 0)
    RETURNS SETOF mvm.items
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT i.* FROM mvm.items i
    WHERE i.seller_id = $1 AND i.id > $3
    ORDER BY i.id LIMIT GREATEST($2, 0)
$$;
COMMENT ON FUNCTION @extschema@.mvm_items(bigint, integer, bigint) IS
    'A seller''s own items, on the market or off it, by id: at most max_rows with ids above after_id';

-- Privilege set: gateway
CREATE FUNCTION @extschema@.mvm_set_item_data(
    item_id bigint,
    external_id text DEFAULT NULL,
    metadata jsonb DEFAULT NULL
) RETURNS mvm.items
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_set_item_data';
COMMENT ON FUNCTION @extschema@.mvm_set_item_data(bigint, text, jsonb) IS
    'Changes an item''s external_id and metadata; what is null stays, an external_id of no characters and metadata of JSON''s null take it away. MV002, MV203, MV205';

-- Privilege set: reader
CREATE FUNCTION @extschema@.mvm_find_item(external_id text) RETURNS SETOF mvm.items
    LANGUAGE c STABLE ROWS 1
    AS 'MODULE_PATHNAME', 'mvm_find_item';
COMMENT ON FUNCTION @extschema@.mvm_find_item(text) IS
    'The item with that external_id, on the market or off it; no row when there is none. MV203';
