-- Stages the industries of corrections in force.
-- $1: their BANs.
INSERT INTO incoming_industry (business_id, industry_code, industry_name, "order")
SELECT c.ban, i.industry_code, i.industry_name, i."order"
FROM registration_correction c, pg_catalog.jsonb_populate_recordset(NULL::incoming_industry, c.content -> 'industries') i
WHERE c.ended_at IS NULL AND c.ban = ANY ($1)
