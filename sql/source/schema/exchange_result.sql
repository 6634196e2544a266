-- What functions answer that is no row of a view.

CREATE TYPE mvm.exchange_result AS (
    converted_amount numeric,
    from_universe_id integer,
    to_universe_id integer,
    exchange_rate numeric,
    amount numeric,
    transaction_id bigint,
    user_id bigint,
    transaction_time timestamptz,
    fee numeric,
    memo text
);
COMMENT ON TYPE mvm.exchange_result IS
    'Answer of mvm_exchange(): amount was debited in from_universe_id''s currency, converted_amount credited in to_universe_id''s, fee taken off';
