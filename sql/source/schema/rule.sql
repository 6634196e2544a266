-- Rules between two universes, and what all rules were before.

CREATE TABLE mvm.route (
    from_universe_id integer NOT NULL,
    to_universe_id integer NOT NULL,
    allowed boolean NOT NULL,
    tariff_rate numeric,
    CONSTRAINT route_pkey PRIMARY KEY (from_universe_id, to_universe_id),
    CONSTRAINT route_from_universe_id_fkey FOREIGN KEY (from_universe_id) REFERENCES mvm.universe (id),
    CONSTRAINT route_to_universe_id_fkey FOREIGN KEY (to_universe_id) REFERENCES mvm.universe (id),
    CONSTRAINT route_between_two CHECK (from_universe_id <> to_universe_id),
    CONSTRAINT route_tariff_rate_range CHECK (tariff_rate > 0 AND tariff_rate < 100 AND scale(tariff_rate) <= 9)
);
COMMENT ON TABLE mvm.route IS
    'Rules between two universes: money or buyer from from_universe_id, currency or item of to_universe_id. Without a row all is allowed and free';
COMMENT ON COLUMN mvm.route.tariff_rate IS
    'Share of the price, on top of it, that the buyer pays to the treasury of from_universe_id; null: none';
CREATE TRIGGER route_rows_stay BEFORE DELETE OR TRUNCATE ON mvm.route
    FOR EACH STATEMENT EXECUTE FUNCTION mvm.refuse_change();

CREATE SEQUENCE mvm.rule_change_id_seq AS bigint;
CREATE TABLE mvm.rule_change (
    id bigint NOT NULL DEFAULT pg_catalog.nextval('mvm.rule_change_id_seq'),
    changed_at timestamptz NOT NULL,
    changed_by text NOT NULL,
    universe_id integer NOT NULL,
    to_universe_id integer,
    trade_open boolean,
    exchange_open boolean,
    sale_fee_rate numeric,
    exchange_fee_rate numeric,
    min_amount_minor bigint,
    max_amount_minor bigint,
    max_quantity bigint,
    allowed boolean,
    tariff_rate numeric,
    max_hold_ttl interval,
    max_quote_ttl interval,
    max_open_holds bigint,
    max_open_quotes bigint,
    CONSTRAINT rule_change_pkey PRIMARY KEY (id)
);
ALTER SEQUENCE mvm.rule_change_id_seq OWNED BY mvm.rule_change.id;
CREATE INDEX rule_change_universe_id_idx ON mvm.rule_change (universe_id, id);
COMMENT ON TABLE mvm.rule_change IS
    'Append-only: all rules of a universe, or of the route to to_universe_id, as each change left them';
CREATE TRIGGER rule_change_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON mvm.rule_change
    FOR EACH STATEMENT EXECUTE FUNCTION mvm.refuse_change();
