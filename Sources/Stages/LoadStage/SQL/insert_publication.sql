-- Records a publication, in the transaction that publishes.
INSERT INTO publication (job_run_id, snapshot, source_sha256, content_sha256, rules_version, kind, source_date,
  whole, registrations, industries, inserted, updated, removed, action, records, missing_columns, cities, changes,
  repaired, refusals, accepted_by, accept_reason, repaired_bans,
  businesses_by_city, businesses_by_type)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23,
  $24, $25)
RETURNING id
