    -- IS TRUE: a CHECK passes when it is null, and what is missing must count as false.
    CONSTRAINT journal_money_positive CHECK (
        CASE
            WHEN kind IN (@without_money@) THEN paid_minor IS NULL AND received_minor IS NULL
                AND fee_minor IS NULL AND tariff_minor IS NULL
            ELSE from_rate > 0 AND to_rate > 0 AND paid_minor >= 0 AND received_minor >= 0
                AND (kind IN (@house_gives_back@) OR paid_minor > 0 AND received_minor + COALESCE(fee_minor, 0) > 0)
                AND COALESCE(fee_minor, 1) > 0 AND COALESCE(tariff_minor, 1) > 0
                AND paid_minor >= COALESCE(tariff_minor, 0)
        END IS TRUE)
