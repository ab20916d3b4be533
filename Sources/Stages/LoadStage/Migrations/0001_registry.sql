-- Which of these files the database has.
CREATE TABLE schema_migration (
  version integer NOT NULL,
  name text COLLATE "C" NOT NULL,
  sha256 text COLLATE "C" NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT schema_migration_pkey PRIMARY KEY (version)
);
COMMENT ON TABLE schema_migration IS 'Migrations that were applied, forward only';
COMMENT ON COLUMN schema_migration.version IS 'Number of the migration';
COMMENT ON COLUMN schema_migration.name IS 'Its name';
COMMENT ON COLUMN schema_migration.sha256 IS 'SHA-256 of its text';
COMMENT ON COLUMN schema_migration.applied_at IS 'When it was applied';

-- The registry: what readers see.

-- A page keeps a tenth free, so that a business that moves is written on the page where it stands, and no index has
-- to be touched.
CREATE TABLE tax_registration (
  ban text COLLATE "C" NOT NULL,
  headquarters_ban text COLLATE "C",
  business_name text COLLATE "C" NOT NULL,
  business_address text COLLATE "C",
  capital_amount bigint,
  business_setup_date text COLLATE "C",
  setup_date date,
  business_type text COLLATE "C",
  is_use_invoice boolean,
  data_source_date date,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  content_hash bigint NOT NULL,
  CONSTRAINT tax_registration_pkey PRIMARY KEY (ban)
) WITH (fillfactor = 90);
CREATE INDEX tax_registration_headquarters_ban_idx ON tax_registration (headquarters_ban);
CREATE INDEX tax_registration_business_name_idx ON tax_registration (business_name);
CREATE INDEX tax_registration_capital_amount_idx ON tax_registration (capital_amount);
CREATE INDEX tax_registration_business_type_idx ON tax_registration (business_type);

COMMENT ON TABLE tax_registration IS
  'Businesses registered for tax in Taiwan, as the snapshot published last has them. Source: Fiscal Information Agency, Ministry of Finance';
COMMENT ON COLUMN tax_registration.ban IS 'Business administration number (統一編號): eight digits, leading zeros are real';
COMMENT ON COLUMN tax_registration.headquarters_ban IS 'BAN of the head office (總機構統一編號); it may be missing from the registry';
COMMENT ON COLUMN tax_registration.business_name IS 'Name (營業人名稱), not unique';
COMMENT ON COLUMN tax_registration.business_address IS 'Address (營業地址) as published';
COMMENT ON COLUMN tax_registration.capital_amount IS 'Capital (資本額) in TWD; 0 for branches';
COMMENT ON COLUMN tax_registration.business_setup_date IS 'Set-up date (設立日期) as published: ROC calendar, YYYMMDD';
COMMENT ON COLUMN tax_registration.setup_date IS 'The same as a date; NULL where it is not a real one';
COMMENT ON COLUMN tax_registration.business_type IS 'Kind of organisation (組織別名稱)';
COMMENT ON COLUMN tax_registration.is_use_invoice IS 'Whether it uses uniform invoices (使用統一發票)';
COMMENT ON COLUMN tax_registration.data_source_date IS 'Source date of the snapshot that last changed the row';
COMMENT ON COLUMN tax_registration.created_at IS 'When the BAN was first seen here; kept when it vanishes and returns';
COMMENT ON COLUMN tax_registration.updated_at IS 'When the row or its industries last changed';
COMMENT ON COLUMN tax_registration.content_hash IS
  'Hash of the row''s content and its industries, made by transform: by it load finds what differs';

CREATE TABLE business_industry (
  business_id text COLLATE "C" NOT NULL,
  industry_code text COLLATE "C" NOT NULL,
  industry_name text COLLATE "C",
  "order" smallint NOT NULL,
  CONSTRAINT business_industry_pkey PRIMARY KEY (business_id, industry_code),
  CONSTRAINT business_industry_business_id_fkey
    FOREIGN KEY (business_id) REFERENCES tax_registration (ban) ON DELETE CASCADE
);
CREATE INDEX business_industry_industry_code_idx ON business_industry (industry_code, business_id);

COMMENT ON TABLE business_industry IS 'Industries of the businesses, up to four each';
COMMENT ON COLUMN business_industry.business_id IS 'BAN of the business';
COMMENT ON COLUMN business_industry.industry_code IS 'Industry code (行業代號) as published';
COMMENT ON COLUMN business_industry.industry_name IS 'Industry name (名稱) as published';
COMMENT ON COLUMN business_industry."order" IS 'Slot in the source, 1 to 4';

CREATE TABLE removed_registration (
  ban text COLLATE "C" NOT NULL,
  created_at timestamptz NOT NULL,
  CONSTRAINT removed_registration_pkey PRIMARY KEY (ban)
);
COMMENT ON TABLE removed_registration IS 'BANs that vanished from the source, so that one that returns keeps its created_at';
COMMENT ON COLUMN removed_registration.ban IS 'BAN of a business that is not in the registry now';
COMMENT ON COLUMN removed_registration.created_at IS 'When it was first seen here';
