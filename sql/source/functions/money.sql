-- Money in, out, and from one to another.

-- Privilege set: gateway
CREATE FUNCTION @extschema@.mvm_deposit(
    user_id bigint,
    amount numeric,
    universe_id integer DEFAULT NULL,
    idempotency_key text DEFAULT NULL,
    memo text DEFAULT NULL
) RETURNS mvm.transactions
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_deposit';
COMMENT ON FUNCTION @extschema@.mvm_deposit(bigint, numeric, integer, text, text) IS
    'Credits a user''s wallet from outside the market, in universe_id''s currency (home unless told). memo: a note of at most 255 characters, kept as given. MV001, MV003, MV201, MV203, MV204, MV401';

-- Privilege set: gateway
CREATE FUNCTION @extschema@.mvm_withdraw(
    user_id bigint,
    amount numeric,
    universe_id integer DEFAULT NULL,
    idempotency_key text DEFAULT NULL,
    memo text DEFAULT NULL
) RETURNS mvm.transactions
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_withdraw';
COMMENT ON FUNCTION @extschema@.mvm_withdraw(bigint, numeric, integer, text, text) IS
    'Debits a user''s wallet to outside the market, in universe_id''s currency (home unless told). memo: a note of at most 255 characters, kept as given. MV001, MV003, MV101, MV201, MV203, MV204, MV401';

-- Privilege set: trader
CREATE FUNCTION @extschema@.mvm_transfer(
    from_user_id bigint,
    to_user_id bigint,
    amount numeric,
    universe_id integer DEFAULT NULL,
    idempotency_key text DEFAULT NULL,
    memo text DEFAULT NULL
) RETURNS mvm.transactions
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_transfer';
COMMENT ON FUNCTION @extschema@.mvm_transfer(bigint, bigint, numeric, integer, text, text) IS
    'Moves money from one user to another in universe_id''s currency (the sender''s home unless told). memo: a note of at most 255 characters, kept as given, which both see. MV001, MV003, MV101, MV201, MV203, MV204, MV401';

-- Privilege set: operator
CREATE FUNCTION @extschema@.mvm_payout(
    universe_id integer,
    account text,
    amount numeric,
    idempotency_key text DEFAULT NULL,
    memo text DEFAULT NULL
) RETURNS mvm.transactions
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_payout';
COMMENT ON FUNCTION @extschema@.mvm_payout(integer, text, numeric, text, text) IS
    'Pays out of a universe''s account ''treasury'' or ''fees'' to outside the market, never more than mvm.house_accounts has. A key belongs to nobody, as that of a treasury''s restocking. MV003, MV101, MV201, MV203, MV204, MV401';
