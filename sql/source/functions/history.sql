-- What has been.

CREATE FUNCTION @extschema@.mvm_balance(user_id bigint, universe_id integer DEFAULT NULL, at timestamptz DEFAULT NULL)
    RETURNS numeric
    LANGUAGE c STABLE
    AS 'MODULE_PATHNAME', 'mvm_balance';
COMMENT ON FUNCTION @extschema@.mvm_balance(bigint, integer, timestamptz) IS
    'Balance of a user''s wallet in universe_id, home unless told; 0 where there is no wallet yet. With at: what it was after everything before that time, as the opening of a statement from then. MV001, MV003, MV203';

CREATE FUNCTION @extschema@.mvm_statement(
    user_id bigint,
    universe_id integer,
    from_time timestamptz,
    to_time timestamptz,
    max_rows integer DEFAULT 100,
    after_id bigint DEFAULT NULL
) RETURNS TABLE (
    transaction_id bigint,
    kind text,
    counterparty_id bigint,
    item_id bigint,
    quantity bigint,
    amount numeric,
    balance numeric,
    transaction_time timestamptz,
    memo text
)
    LANGUAGE c STABLE ROWS 100
    AS 'MODULE_PATHNAME', 'mvm_statement';
COMMENT ON FUNCTION @extschema@.mvm_statement(bigint, integer, timestamptz, timestamptz, integer, bigint) IS
    'What moved a user''s wallet from from_time until before to_time, oldest first, and the balance after each movement: at most max_rows (1 to 100000) lines with ids above after_id. The first page (after_id null) begins with a line ''opening'', the last ends with a line ''closing''. amount is below zero for what was taken; memo is the note that the movement was made with. MV001, MV003, MV203';

CREATE FUNCTION @extschema@.mvm_trades(user_id bigint, max_rows integer DEFAULT 100, before_id bigint DEFAULT NULL)
    RETURNS SETOF mvm.trades
    LANGUAGE c STABLE ROWS 100
    AS 'MODULE_PATHNAME', 'mvm_trades';
COMMENT ON FUNCTION @extschema@.mvm_trades(bigint, integer, bigint) IS
    'Trades of a user as buyer or seller, newest first: at most max_rows with ids below before_id. MV001, MV203';

CREATE FUNCTION @extschema@.mvm_transactions(user_id bigint, max_rows integer DEFAULT 100, before_id bigint DEFAULT NULL)
    RETURNS SETOF mvm.transactions
    LANGUAGE c STABLE ROWS 100
    AS 'MODULE_PATHNAME', 'mvm_transactions';
COMMENT ON FUNCTION @extschema@.mvm_transactions(bigint, integer, bigint) IS
    'Transactions of a user, as who acted or as the counterparty, newest first: at most max_rows with ids below before_id. MV001, MV203';
