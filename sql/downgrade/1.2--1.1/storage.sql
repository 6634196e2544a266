-- ---------------------------------------------------------------------------
-- Storage
-- ---------------------------------------------------------------------------

DROP INDEX mvm.hold_open_idx, mvm.quote_open_idx, mvm.hold_expires_at_idx, mvm.hold_item_id_idx, mvm.hold_buyer_id_idx;
CREATE INDEX hold_expires_at_idx ON mvm.hold (expires_at) WHERE state = 'a';
CREATE INDEX hold_item_id_idx ON mvm.hold (item_id) WHERE state = 'a';
CREATE INDEX hold_buyer_id_idx ON mvm.hold (buyer_id) WHERE state = 'a';
COMMENT ON TABLE mvm.hold IS
    'Stock and money set aside for a purchase. An active one past expires_at counts as released for everyone who looks, and is released by whoever needs what it set aside, or by mvm_sweep_holds()';
ALTER TABLE mvm.universe
    DROP CONSTRAINT universe_option_ttls,
    DROP CONSTRAINT universe_open_options,
    DROP COLUMN max_hold_ttl,
    DROP COLUMN max_quote_ttl,
    DROP COLUMN max_open_holds,
    DROP COLUMN max_open_quotes;
ALTER TABLE mvm.rule_change
    DROP COLUMN max_hold_ttl,
    DROP COLUMN max_quote_ttl,
    DROP COLUMN max_open_holds,
    DROP COLUMN max_open_quotes;
ALTER TABLE mvm.user_account DROP COLUMN external_id, DROP COLUMN metadata;
ALTER TABLE mvm.item DROP COLUMN external_id, DROP COLUMN metadata;
ALTER TABLE mvm.journal
    DROP COLUMN memo,
    DROP CONSTRAINT journal_kind_complete,
    ADD CONSTRAINT journal_kind_complete CHECK (
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
            WHEN 'l' THEN item_id IS NOT NULL AND quantity >= 0
            WHEN 's' THEN item_id IS NOT NULL AND quantity > 0
        END IS TRUE);
COMMENT ON COLUMN mvm.journal.kind IS
    'd deposit, w withdrawal, x exchange, p purchase, l listing, s restock, t transfer, r refund, h hold, u release of a hold';
COMMENT ON COLUMN mvm.journal.user_id IS
    'Who acted: buyer, exchanger, depositor, withdrawer, sender; the seller of a listing or restock (null: treasury); of a refund the buyer, who gets the money back';
DROP TABLE mvm.house_account, mvm.audit_house_account;

-- The journal's links and the digests, which not every 1.2 has, and the indexes that 1.1 has instead.
DROP VIEW IF EXISTS mvm.link;
DROP FUNCTION IF EXISTS mvm.violations();
DROP FUNCTION IF EXISTS mvm.journal_digest(bytea, int8multirange, int8multirange);
DROP TABLE IF EXISTS mvm.audit_digest;
ALTER TABLE mvm.audit_wallet DROP COLUMN IF EXISTS last_journal_id;
ALTER TABLE mvm.journal DROP COLUMN IF EXISTS from_previous_id, DROP COLUMN IF EXISTS to_previous_id;
ALTER TABLE mvm.wallet DROP COLUMN IF EXISTS last_journal_id;
ALTER TABLE mvm.balance_snapshot DROP COLUMN IF EXISTS last_journal_id;
DROP INDEX IF EXISTS mvm.journal_stocking_idx;
CREATE INDEX IF NOT EXISTS journal_user_id_idx ON mvm.journal (user_id, id);
CREATE INDEX IF NOT EXISTS journal_counterparty_id_idx ON mvm.journal (counterparty_id, id) WHERE counterparty_id IS NOT NULL;
