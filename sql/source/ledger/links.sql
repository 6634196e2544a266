-- Which wallets each journal row moves, and each wallet's row before it.
SELECT j.id AS journal_id, j.user_id, j.from_universe_id AS universe_id, j.from_previous_id AS previous_id
FROM @journal@ j WHERE j.kind IN ('w', 'x', 'p', 't', 'r', 'h')
UNION ALL
SELECT j.id, j.user_id, j.to_universe_id, j.to_previous_id
FROM @journal@ j WHERE j.kind IN ('d', 'x', 'u')
UNION ALL
-- Where it is the wallet of the row's user too, one link is enough.
SELECT j.id, j.counterparty_id, j.to_universe_id, j.to_previous_id
FROM @journal@ j WHERE j.kind IN ('p', 't', 'r') AND j.counterparty_id IS NOT NULL
  AND (j.counterparty_id <> j.user_id OR j.to_universe_id <> j.from_universe_id)
