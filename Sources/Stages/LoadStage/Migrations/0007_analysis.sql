-- What analysts need: city and district, the list of industries, counts by city and kind of organisation, how fresh the
-- registry is, and the row type of the registry on a day. SQL/analysis.sql has the views and functions on top.

-- Expressions that can be inlined, and without regular expressions where the city is written without a blank: the index
-- computes them for each business. E'\u3000' is the wide blank that the source writes inside of names.
CREATE FUNCTION address_city(address text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN pg_catalog.substr(address, 3, 1) IN ('市', '縣')
    THEN pg_catalog.replace(pg_catalog."left"(address, 3), '台', '臺')
    ELSE pg_catalog."substring"(
      pg_catalog.translate(pg_catalog."left"(address, 9), E'台\u3000 ', '臺'), '^..[市縣]') END
$$;
COMMENT ON FUNCTION address_city(text) IS
  'City or county that an address begins with, with 臺 for 台 and without blanks; NULL if it begins with none';

-- A city has districts (區), a county has cities, towns and townships (市鎮鄉). Their names have up to three characters
-- before that; some districts have 市, 鎮 or 鄉 among them.
CREATE FUNCTION address_district(address text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN pg_catalog.substr(address, 3, 1) IN ('市', '縣')
    THEN nullif(nullif(pg_catalog.translate(
      pg_catalog.substr(address, 4, CASE pg_catalog.substr(address, 3, 1)
        WHEN '市' THEN pg_catalog.strpos(pg_catalog.substr(address, 4, 4), '區')
        ELSE pg_catalog.strpos(pg_catalog.translate(pg_catalog.substr(address, 4, 4), '鎮鄉', '市市'), '市') END),
      E'台\u3000 ', '臺'), ''), '區')
    ELSE coalesce(
      pg_catalog."substring"(
        pg_catalog.translate(pg_catalog."left"(address, 16), E'台\u3000 ', '臺'), '^..市([^區]{1,3}區)'),
      pg_catalog."substring"(
        pg_catalog.translate(pg_catalog."left"(address, 16), E'台\u3000 ', '臺'), '^..縣([^市鎮鄉]{1,3}[市鎮鄉])'))
    END
$$;
COMMENT ON FUNCTION address_district(text) IS
  'District, or city, town or township of a county, that follows the city or county in an address, with 臺 for 台 and without blanks; NULL if none does';

CREATE INDEX tax_registration_city_district_idx
  ON tax_registration (address_city(business_address), address_district(business_address));
COMMENT ON INDEX tax_registration_city_district_idx IS 'Businesses of a city or district';

CREATE TABLE industry (
  industry_code text COLLATE "C" NOT NULL,
  industry_name text COLLATE "C",
  division text COLLATE "C" GENERATED ALWAYS AS (pg_catalog."left"(industry_code, 2)) STORED,
  first_seen_on date,
  last_seen_on date NOT NULL,
  CONSTRAINT industry_pkey PRIMARY KEY (industry_code)
);
COMMENT ON TABLE industry IS 'Every industry code that the registry has had';
COMMENT ON COLUMN industry.industry_code IS 'Industry code (行業代號) as published';
COMMENT ON COLUMN industry.industry_name IS 'The name that the source gave it last';
COMMENT ON COLUMN industry.division IS 'Its first two characters';
COMMENT ON COLUMN industry.first_seen_on IS 'Day of the first publication with it; NULL if that was before this table existed';
COMMENT ON COLUMN industry.last_seen_on IS 'Day of the last publication with it';

CREATE TABLE source_check (
  singleton boolean NOT NULL DEFAULT true,
  source_date date,
  checked_at timestamptz,
  CONSTRAINT source_check_pkey PRIMARY KEY (singleton),
  CONSTRAINT source_check_singleton_check CHECK (singleton)
);
COMMENT ON TABLE source_check IS 'When a load last compared the registry with the source, whether or not anything differed; one row';
COMMENT ON COLUMN source_check.singleton IS 'Always true';
COMMENT ON COLUMN source_check.source_date IS 'Newest date that the source gave the registry''s content';
COMMENT ON COLUMN source_check.checked_at IS 'When a load last published a snapshot, or found the registry unchanged';

ALTER TABLE publication
  ADD COLUMN businesses_by_city jsonb,
  ADD COLUMN businesses_by_type jsonb,
  ADD COLUMN checkpointed_at timestamptz;
COMMENT ON COLUMN publication.businesses_by_city IS
  'Businesses of the registry by city or county, as of this publication; "unknown" for those without one; NULL for publications of earlier versions';
COMMENT ON COLUMN publication.businesses_by_type IS 'The same by kind of organisation';
COMMENT ON COLUMN publication.checkpointed_at IS
  'When the state after this publication was stored in registration_checkpoint; NULL if it is not there';
CREATE INDEX publication_published_at_idx ON publication (published_at);

INSERT INTO industry (industry_code, industry_name, last_seen_on)
SELECT DISTINCT ON (i.industry_code) i.industry_code, i.industry_name, p.as_of_date
FROM (SELECT industry_code, industry_name, count(*) AS rows FROM business_industry GROUP BY 1, 2) AS i,
  (SELECT as_of_date FROM publication ORDER BY id DESC LIMIT 1) AS p
ORDER BY i.industry_code, i.industry_name IS NULL, i.rows DESC, i.industry_name;

INSERT INTO source_check (source_date, checked_at)
SELECT (SELECT source_date FROM publication WHERE action IN ('load', 'rollback') ORDER BY id DESC LIMIT 1),
  (SELECT max(published_at) FROM publication);

-- The rows of a composite type keep the collation of its columns, so that a condition on them can use an index. A
-- function that objects of others depend on is renamed instead of dropped.
CREATE TYPE registration_state AS (
  ban text COLLATE "C",
  headquarters_ban text COLLATE "C",
  business_name text COLLATE "C",
  business_address text COLLATE "C",
  capital_amount bigint,
  business_setup_date text COLLATE "C",
  setup_date date,
  business_type text COLLATE "C",
  is_use_invoice boolean,
  industries jsonb,
  city text COLLATE "C",
  district text COLLATE "C"
);
COMMENT ON TYPE registration_state IS 'A business as registry_as_of returns it';
DO $migration$
BEGIN
  DROP FUNCTION registry_as_of(date);
EXCEPTION WHEN dependent_objects_still_exist THEN
  ALTER FUNCTION registry_as_of(date) RENAME TO registry_as_of_6;
END $migration$;

CREATE TABLE registration_checkpoint (
  job_run_id bigint NOT NULL,
  first_ban text COLLATE "C" NOT NULL,
  registrations registration_state[] NOT NULL,
  CONSTRAINT registration_checkpoint_pkey PRIMARY KEY (job_run_id, first_ban)
);
COMMENT ON TABLE registration_checkpoint IS
  'The whole registry after some job runs, so that registry_as_of reads a bounded part of the change feed at any age; compressed';
COMMENT ON COLUMN registration_checkpoint.job_run_id IS 'The job run';
COMMENT ON COLUMN registration_checkpoint.first_ban IS 'First BAN of the row';
COMMENT ON COLUMN registration_checkpoint.registrations IS 'Up to 500 businesses, sorted by BAN; city and district are left out';
-- The index of city and district takes the place of one that the console made. Last, since readers wait from here on.
DO $migration$
BEGIN
  IF to_regclass('tax_registration_city_idx') IS NOT NULL THEN DROP INDEX tax_registration_city_idx; END IF;
END $migration$;
