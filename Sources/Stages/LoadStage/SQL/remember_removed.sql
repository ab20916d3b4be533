-- Keeps created_at of the removed businesses, in case they reappear.
INSERT INTO removed_registration (ban, created_at)
SELECT ban, r.created_at FROM incoming_removal g JOIN tax_registration r USING (ban) WHERE NOT g.is_repair
ON CONFLICT (ban) DO UPDATE SET created_at = excluded.created_at
