-- Stages the content of corrections in force.
-- $1: their BANs. :columns: the columns of a business that come from the source; :values: the same of n.
INSERT INTO incoming_registration (:columns, content_hash)
SELECT :values, c.content_hash
FROM registration_correction c, pg_catalog.jsonb_populate_record(NULL::incoming_registration, c.content) n
WHERE c.ended_at IS NULL AND c.ban = ANY ($1)
