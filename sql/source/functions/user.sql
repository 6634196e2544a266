-- Users.

-- Privilege set: gateway
CREATE FUNCTION @extschema@.mvm_create_user(
    username text,
    universe_id integer,
    balance numeric DEFAULT 0,
    external_id text DEFAULT NULL,
    metadata jsonb DEFAULT NULL
) RETURNS mvm.users
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_create_user';
COMMENT ON FUNCTION @extschema@.mvm_create_user(text, integer, numeric, text, jsonb) IS
    'Creates a user at home in universe_id; an opening balance is journalled as a deposit. external_id: the platform''s own key, unique, 1 to 255 characters; metadata: a JSON object of at most 8192 bytes as text, kept and never read. MV003, MV201, MV203, MV204, MV205';

-- Privilege set: gateway
CREATE FUNCTION @extschema@.mvm_move_user(user_id bigint, universe_id integer) RETURNS mvm.users
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_move_user';
COMMENT ON FUNCTION @extschema@.mvm_move_user(bigint, integer) IS
    'Gives a user another home: purchases are then paid from the wallet in its currency. The other wallets stay theirs. MV001, MV003, MV203';

-- Privilege set: gateway
CREATE FUNCTION @extschema@.mvm_set_user_data(
    user_id bigint,
    external_id text DEFAULT NULL,
    metadata jsonb DEFAULT NULL
) RETURNS mvm.users
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_set_user_data';
COMMENT ON FUNCTION @extschema@.mvm_set_user_data(bigint, text, jsonb) IS
    'Changes a user''s external_id and metadata; what is null stays, an external_id of no characters and metadata of JSON''s null take it away. MV001, MV203, MV205';

-- Privilege set: reader
CREATE FUNCTION @extschema@.mvm_find_user(username text DEFAULT NULL, external_id text DEFAULT NULL)
    RETURNS SETOF mvm.users
    LANGUAGE c STABLE ROWS 1
    AS 'MODULE_PATHNAME', 'mvm_find_user';
COMMENT ON FUNCTION @extschema@.mvm_find_user(text, text) IS
    'The user with that username or that external_id, one of which is given; no row when there is none. MV203';
