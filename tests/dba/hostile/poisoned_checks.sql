-- The constraints of 1.1 as its script once made them, with a stranger's operators of numeric and integer. Not checked here,
-- but as good as checked.
ALTER TABLE mvm.universe
    DROP CONSTRAINT universe_exchange_rate_range,
    DROP CONSTRAINT universe_fee_rates_range,
    ADD CONSTRAINT universe_exchange_rate_range CHECK (exchange_rate OPERATOR(public.>) 0) NOT VALID,
    ADD CONSTRAINT universe_fee_rates_range CHECK (
        sale_fee_rate OPERATOR(public.>) 0 AND exchange_fee_rate OPERATOR(public.<) 1) NOT VALID;
ALTER TABLE mvm.route
    DROP CONSTRAINT route_tariff_rate_range,
    ADD CONSTRAINT route_tariff_rate_range CHECK (tariff_rate OPERATOR(public.>) 0) NOT VALID;
ALTER TABLE mvm.journal
    DROP CONSTRAINT journal_money_positive,
    ADD CONSTRAINT journal_money_positive CHECK (kind IN ('l', 's') OR from_rate OPERATOR(public.>) 0) NOT VALID;
UPDATE pg_catalog.pg_constraint SET convalidated = true
WHERE connamespace = 'mvm'::pg_catalog.regnamespace::pg_catalog.oid AND NOT convalidated;
