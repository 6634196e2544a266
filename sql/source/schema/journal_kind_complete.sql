    -- What each kind of row must have. IS TRUE: a CHECK passes when it is null, and what is missing must count as false.
    CONSTRAINT journal_kind_complete CHECK (
        CASE kind
            WHEN 'p' THEN user_id IS NOT NULL AND item_id IS NOT NULL AND quantity > 0
                AND (from_universe_id <> to_universe_id
                    OR paid_minor - COALESCE(tariff_minor, 0) = received_minor + COALESCE(fee_minor, 0))
            WHEN 'x' THEN user_id IS NOT NULL AND from_universe_id <> to_universe_id AND tariff_minor IS NULL
            WHEN 'd' THEN user_id IS NOT NULL AND from_universe_id = to_universe_id AND paid_minor = received_minor
                AND fee_minor IS NULL AND tariff_minor IS NULL
            WHEN 'w' THEN user_id IS NOT NULL AND from_universe_id = to_universe_id AND paid_minor = received_minor
                AND fee_minor IS NULL AND tariff_minor IS NULL
            WHEN 't' THEN user_id <> counterparty_id AND from_universe_id = to_universe_id
                AND paid_minor = received_minor AND fee_minor IS NULL AND tariff_minor IS NULL
            WHEN 'r' THEN user_id IS NOT NULL AND item_id IS NOT NULL AND quantity > 0 AND reference_id IS NOT NULL
                AND (from_universe_id <> to_universe_id
                    OR paid_minor - COALESCE(tariff_minor, 0) = received_minor + COALESCE(fee_minor, 0))
            WHEN 'h' THEN user_id IS NOT NULL AND item_id IS NOT NULL AND quantity > 0 AND reference_id IS NOT NULL
                AND from_universe_id = to_universe_id AND paid_minor = received_minor
                AND fee_minor IS NULL AND tariff_minor IS NULL
            WHEN 'u' THEN user_id IS NOT NULL AND item_id IS NOT NULL AND quantity > 0 AND reference_id IS NOT NULL
                AND from_universe_id = to_universe_id AND paid_minor = received_minor
                AND fee_minor IS NULL AND tariff_minor IS NULL
            WHEN 'o' THEN user_id IS NULL AND counterparty_id IS NULL AND item_id IS NULL AND quantity IS NULL
                AND from_universe_id = to_universe_id AND paid_minor = received_minor
                AND fee_minor IS NULL AND tariff_minor IS NULL
            WHEN 'f' THEN user_id IS NULL AND counterparty_id IS NULL AND item_id IS NULL AND quantity IS NULL
                AND from_universe_id = to_universe_id AND paid_minor = received_minor
                AND fee_minor IS NULL AND tariff_minor IS NULL
            WHEN 'l' THEN item_id IS NOT NULL AND quantity >= 0
            WHEN 's' THEN item_id IS NOT NULL AND quantity > 0
        END IS TRUE)
