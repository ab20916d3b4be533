-- Change-feed rows of the staged businesses. Runs before the registry's tables are changed.
-- $1: the job run. $2: the date of the rows. :before, :after: images of r and n. :changed_columns: for each column its
-- name if it differs between the images, otherwise NULL.
-- OFFSET 0 keeps the planner from computing an image more than once.
SELECT $1::bigint, $2::date, ban, kind,
  CASE kind WHEN 'changed' THEN pg_catalog.array_remove(ARRAY[:changed_columns], NULL) ELSE '{}' END,
  before, after
FROM (
  SELECT n.ban,
    CASE WHEN r.ban IS NOT NULL THEN 'changed' WHEN m.ban IS NOT NULL THEN 'reappeared' ELSE 'added' END AS kind,
    CASE WHEN r.ban IS NOT NULL THEN :before END AS before,
    :after AS after
  FROM incoming_registration n LEFT JOIN tax_registration r ON r.ban = n.ban
    LEFT JOIN removed_registration m ON m.ban = n.ban
  WHERE NOT n.is_repair ORDER BY n.ban OFFSET 0
) AS staged
WHERE before IS DISTINCT FROM after
