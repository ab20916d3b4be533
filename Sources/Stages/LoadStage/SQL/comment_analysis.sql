-- Comments on the columns of the views for analysts. A column that a table of the registry has keeps that table's
-- comment.
DO $comment$
DECLARE
  own CONSTANT jsonb := '{
    "city": "City or county of the address, with 臺 for 台; NULL if the address begins with none",
    "district": "District of the city, or city, town or township of the county; NULL if the address has none",
    "industries": "Industries, up to four, as JSON",
    "industry_codes": "Industry codes, in the order of the source",
    "industry_names": "Their names, in the same order",
    "first_seen_on": "Day of the first publication with the business",
    "last_changed_on": "Source date of the snapshot that last changed the business",
    "is_corrected": "Whether a correction by hand is in force",
    "slot": "Slot in the source, 1 to 4",
    "division": "First two characters of the industry code",
    "publication": "Number of the publication that made the change",
    "cause": "What made the change: load, rollback, replay or withdraw",
    "reason": "Why it was removed. absent: the snapshot lacks it; rejected: the rules rejected its record; rolled back: a rollback removed it",
    "businesses": "Businesses of the registry",
    "added": "Businesses added since the day before, net; NULL for the first day, and where the feed has expired",
    "changed": "Businesses changed, likewise",
    "removed": "Businesses removed, likewise",
    "reappeared": "Businesses that had been removed and are back, likewise",
    "source_date": "Newest date that the source gave the content of the registry",
    "last_checked_at": "When a load last published a snapshot, or found the registry unchanged",
    "age_days": "Days from the source date to today in Taiwan"
  }';
  row record;
BEGIN
  FOR row IN
    SELECT a.attrelid, a.attname, n.base, coalesce(own ->> n.base, (
      SELECT d.description FROM pg_catalog.pg_attribute t
        JOIN pg_catalog.pg_description d ON d.classoid = 'pg_class'::regclass AND d.objoid = t.attrelid AND d.objsubid = t.attnum
      WHERE t.attname = n.base AND t.attrelid IN ('tax_registration'::regclass, 'business_industry'::regclass,
        'registration_change'::regclass, 'publication'::regclass)
      ORDER BY t.attrelid = 'publication'::regclass, t.attrelid LIMIT 1)) AS description
    FROM pg_catalog.pg_attribute a, pg_catalog.regexp_replace(a.attname, '_(before|after)$', '') AS n (base)
    WHERE a.attnum > 0 AND a.attrelid IN ('business'::regclass, 'business_industry_slot'::regclass,
      'registration_change_flat'::regclass, 'registry_day'::regclass, 'registry_freshness'::regclass)
  LOOP
    EXECUTE pg_catalog.format('COMMENT ON COLUMN %s.%I IS %L', row.attrelid::regclass, row.attname, row.description || CASE
      WHEN row.attname = row.base THEN '' WHEN row.attname LIKE '%\_before' THEN ' (before the change)'
      ELSE ' (after the change)' END);
  END LOOP;
END $comment$;
