-- Fills the new tax_registration with the staged and the unchanged businesses. A business that was in the registry
-- before keeps its created_at.
-- $1: the snapshot's source date. $2: the time of the publication. :columns: the columns to write. :staged, :kept: the
-- same columns of incoming_registration n and of tax_registration r.
INSERT INTO tax_registration_bulk (:columns, data_source_date, created_at, updated_at)
SELECT :staged, $1::date, coalesce(r.created_at, m.created_at, $2::timestamptz), $2::timestamptz
FROM incoming_registration n LEFT JOIN tax_registration r ON r.ban = n.ban
  LEFT JOIN removed_registration m ON m.ban = n.ban
UNION ALL
SELECT :kept, r.data_source_date, r.created_at, r.updated_at FROM tax_registration r
WHERE NOT EXISTS (SELECT FROM incoming_registration n WHERE n.ban = r.ban)
  AND NOT EXISTS (SELECT FROM incoming_removal g WHERE g.ban = r.ban)
