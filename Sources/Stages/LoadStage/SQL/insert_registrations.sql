-- Inserts the staged businesses that the registry does not have. A business that was in the registry before keeps its
-- created_at.
-- $1: the snapshot's source date. :columns, :values: the columns to write, and the same of incoming_registration n.
INSERT INTO tax_registration (:columns, data_source_date, created_at, updated_at)
SELECT :values, $1::date, coalesce(m.created_at, now()), now()
FROM incoming_registration n LEFT JOIN removed_registration m ON m.ban = n.ban
WHERE NOT EXISTS (SELECT FROM tax_registration r WHERE r.ban = n.ban) ORDER BY n.ban
