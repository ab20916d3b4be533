-- Counts businesses by group.
-- :table: tax_registration or its bulk table. :group: the group of a row r.
SELECT coalesce(jsonb_object_agg(name, businesses), '{}') AS counts
FROM (SELECT coalesce(:group, 'unknown') AS name, count(*) AS businesses FROM :table r GROUP BY 1) AS groups
