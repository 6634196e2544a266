-- The universes with their rules, and what their rates were before.

CREATE SEQUENCE mvm.exchange_rate_change_id_seq AS bigint;
CREATE TABLE mvm.exchange_rate_change (
    id bigint NOT NULL DEFAULT pg_catalog.nextval('mvm.exchange_rate_change_id_seq'),
    valid_from timestamptz NOT NULL,
    universe_id integer NOT NULL,
    exchange_rate numeric NOT NULL,
    CONSTRAINT exchange_rate_change_pkey PRIMARY KEY (id)
);
ALTER SEQUENCE mvm.exchange_rate_change_id_seq OWNED BY mvm.exchange_rate_change.id;
CREATE INDEX exchange_rate_change_universe_id_idx ON mvm.exchange_rate_change (universe_id, valid_from, id);
COMMENT ON TABLE mvm.exchange_rate_change IS
    'Append-only: every exchange rate that a universe has had, and since when';
COMMENT ON COLUMN mvm.exchange_rate_change.valid_from IS
    'Read from the clock while the universe was locked; -infinity: the rate it had before the history began';
CREATE TRIGGER exchange_rate_change_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON mvm.exchange_rate_change
    FOR EACH STATEMENT EXECUTE FUNCTION mvm.refuse_change();

CREATE SEQUENCE mvm.universe_id_seq AS integer;
CREATE TABLE mvm.universe (
    id integer NOT NULL DEFAULT pg_catalog.nextval('mvm.universe_id_seq'),
    currency_scale smallint NOT NULL DEFAULT 2,
    version bigint NOT NULL DEFAULT 1,
    exchange_rate numeric NOT NULL,
    name text COLLATE "C" NOT NULL,
    currency_type text NOT NULL,
    trade_open boolean NOT NULL DEFAULT true,
    exchange_open boolean NOT NULL DEFAULT true,
    sale_fee_rate numeric,
    exchange_fee_rate numeric,
    min_amount_minor bigint,
    max_amount_minor bigint,
    max_quantity bigint,
    routed boolean NOT NULL DEFAULT false,
    first_rate_id bigint NOT NULL DEFAULT pg_catalog.nextval('mvm.exchange_rate_change_id_seq'),
    max_hold_ttl interval NOT NULL DEFAULT interval '1 day',
    max_quote_ttl interval NOT NULL DEFAULT interval '5 minutes',
    max_open_holds bigint NOT NULL DEFAULT 100,
    max_open_quotes bigint NOT NULL DEFAULT 100,
    CONSTRAINT universe_pkey PRIMARY KEY (id),
    CONSTRAINT universe_name_key UNIQUE (name),
    CONSTRAINT universe_id_positive CHECK (id > 0),
    CONSTRAINT universe_name_length CHECK (pg_catalog.char_length(name) BETWEEN 1 AND 255),
    CONSTRAINT universe_currency_type_length CHECK (pg_catalog.char_length(currency_type) BETWEEN 1 AND 32),
    CONSTRAINT universe_currency_scale_range CHECK (currency_scale BETWEEN 0 AND 9),
    CONSTRAINT universe_bounds_positive CHECK (
        min_amount_minor > 0 AND max_amount_minor >= COALESCE(min_amount_minor, 1) AND max_quantity > 0),
    -- Makes pg_dump put the history before the universes, so that the trigger can tell a universe that is restored from a new
    -- one. Deferred, for the trigger writes what it asks for.
    CONSTRAINT universe_first_rate_id_fkey FOREIGN KEY (first_rate_id)
        REFERENCES mvm.exchange_rate_change (id) DEFERRABLE INITIALLY DEFERRED,
    -- At most 18 decimals and 18 significant digits, so that a rate is a 64-bit integer and a power of ten, and conversion is
    -- exact in 128 bits.
    CONSTRAINT universe_exchange_rate_range CHECK (
        exchange_rate > 0
        AND exchange_rate < 1e18
        AND scale(trim_scale(exchange_rate)) <= 18
        AND trim_scale(exchange_rate) * power(10::numeric, scale(trim_scale(exchange_rate))::numeric) < 1e18),
    CONSTRAINT universe_fee_rates_range CHECK (
        sale_fee_rate > 0 AND sale_fee_rate < 1 AND scale(sale_fee_rate) <= 9
        AND exchange_fee_rate > 0 AND exchange_fee_rate < 1 AND scale(exchange_fee_rate) <= 9),
    CONSTRAINT universe_option_ttls CHECK (
        max_hold_ttl > interval '0' AND max_hold_ttl <= interval '366 days'
        AND max_quote_ttl > interval '0' AND max_quote_ttl <= interval '366 days'),
    CONSTRAINT universe_open_options CHECK (max_open_holds >= 0 AND max_open_quotes >= 0)
);
ALTER SEQUENCE mvm.universe_id_seq OWNED BY mvm.universe.id;
COMMENT ON TABLE mvm.universe IS 'A universe: its currency and exchange rate';
COMMENT ON COLUMN mvm.universe.currency_scale IS 'Decimals of the currency, 0 to 9; never changes';
COMMENT ON COLUMN mvm.universe.version IS 'Goes up by one in every update of the row';
COMMENT ON COLUMN mvm.universe.exchange_rate IS 'Units of this currency per one unit of the reference currency';
COMMENT ON COLUMN mvm.universe.trade_open IS 'Whether its people may buy and its items may be sold';
COMMENT ON COLUMN mvm.universe.exchange_open IS 'Whether its currency may be exchanged';
COMMENT ON COLUMN mvm.universe.sale_fee_rate IS 'Share of a sale''s price that the house takes from the seller''s proceeds; null: none';
COMMENT ON COLUMN mvm.universe.exchange_fee_rate IS 'Share of what an exchange into this currency credits that the house takes; null: none';
COMMENT ON COLUMN mvm.universe.min_amount_minor IS 'Smallest price of a purchase here and smallest amount of an exchange from here; null: none';
COMMENT ON COLUMN mvm.universe.max_amount_minor IS 'Largest price of a purchase here and largest amount of an exchange from here; null: none';
COMMENT ON COLUMN mvm.universe.max_quantity IS 'Most pieces of an item here in one purchase; null: no bound';
COMMENT ON COLUMN mvm.universe.routed IS 'Whether mvm.route may have rows for routes from it';
COMMENT ON COLUMN mvm.universe.first_rate_id IS 'Row of mvm.exchange_rate_change with its first rate';
COMMENT ON COLUMN mvm.universe.max_hold_ttl IS 'The longest that a hold on an item of the universe may live';
COMMENT ON COLUMN mvm.universe.max_quote_ttl IS 'The longest that a quote into the universe may live';
COMMENT ON COLUMN mvm.universe.max_open_holds IS 'How many open holds on items of the universe one buyer may have';
COMMENT ON COLUMN mvm.universe.max_open_quotes IS 'How many open quotes into the universe one user may have';
CREATE TRIGGER universe_rows_stay BEFORE DELETE OR TRUNCATE ON mvm.universe
    FOR EACH STATEMENT EXECUTE FUNCTION mvm.refuse_change();
CREATE TRIGGER universe_currency_scale_stays BEFORE UPDATE OF currency_scale ON mvm.universe
    FOR EACH STATEMENT EXECUTE FUNCTION mvm.refuse_change();
CREATE TRIGGER universe_first_rate_is_recorded AFTER INSERT ON mvm.universe
    FOR EACH ROW EXECUTE FUNCTION mvm.record_exchange_rate();
CREATE TRIGGER universe_rate_change_is_recorded AFTER UPDATE ON mvm.universe
    FOR EACH ROW WHEN (OLD.exchange_rate IS DISTINCT FROM NEW.exchange_rate)
    EXECUTE FUNCTION mvm.record_exchange_rate();
