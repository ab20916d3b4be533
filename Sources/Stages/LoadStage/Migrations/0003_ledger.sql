-- The load that is under way: what it is, which batches are in, and the rows of them that wait to be published.

CREATE TABLE current_load (
  singleton boolean NOT NULL DEFAULT true,
  fence bigint NOT NULL,
  job_run_id bigint,
  kind text COLLATE "C",
  content_sha256 text COLLATE "C",
  rules_version integer,
  source_date date,
  base_publication bigint,
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT current_load_pkey PRIMARY KEY (singleton),
  CONSTRAINT current_load_singleton_check CHECK (singleton)
);
COMMENT ON TABLE current_load IS 'The load under way, or the one that was cut short; one row';
COMMENT ON COLUMN current_load.singleton IS 'Always true: there is one row';
COMMENT ON COLUMN current_load.fence IS
  'Grows whenever a session takes over; a session that holds an older number can commit nothing more';
COMMENT ON COLUMN current_load.job_run_id IS 'Run that took over last';
COMMENT ON COLUMN current_load.kind IS 'As in publication; NULL when nothing is under way';
COMMENT ON COLUMN current_load.content_sha256 IS 'What is loaded: batches of other content are of no use to it';
COMMENT ON COLUMN current_load.rules_version IS 'Rules by which it was judged';
COMMENT ON COLUMN current_load.source_date IS 'Date that the snapshot gives itself';
COMMENT ON COLUMN current_load.base_publication IS 'Publication that it was compared with';
COMMENT ON COLUMN current_load.updated_at IS 'When a session took over last';
INSERT INTO current_load (fence) VALUES (0);

CREATE TABLE load_batch (
  batch_number integer NOT NULL,
  content_sha256 text COLLATE "C" NOT NULL,
  registrations bigint NOT NULL,
  industries bigint NOT NULL,
  staged bigint NOT NULL,
  job_run_id bigint NOT NULL,
  loaded_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT load_batch_pkey PRIMARY KEY (batch_number)
);
COMMENT ON TABLE load_batch IS 'The ledger of the load under way: a row is committed with the batch that it stands for';
COMMENT ON COLUMN load_batch.batch_number IS 'Chunk of the snapshot, from 1';
COMMENT ON COLUMN load_batch.content_sha256 IS 'SHA-256 over the digests of the batch''s files';
COMMENT ON COLUMN load_batch.registrations IS 'Businesses in the batch';
COMMENT ON COLUMN load_batch.industries IS 'Their industries';
COMMENT ON COLUMN load_batch.staged IS 'Businesses that were staged: all of them, or those that differ';
COMMENT ON COLUMN load_batch.job_run_id IS 'Run that loaded it';
COMMENT ON COLUMN load_batch.loaded_at IS 'When';

CREATE TABLE incoming_registration (
  ban text COLLATE "C" NOT NULL,
  headquarters_ban text COLLATE "C",
  business_name text COLLATE "C" NOT NULL,
  business_address text COLLATE "C",
  capital_amount bigint,
  business_setup_date text COLLATE "C",
  setup_date date,
  business_type text COLLATE "C",
  is_use_invoice boolean,
  content_hash bigint NOT NULL,
  CONSTRAINT incoming_registration_pkey PRIMARY KEY (ban)
);
COMMENT ON TABLE incoming_registration IS 'Businesses of the load under way that are new or differ; empty when none is';
COMMENT ON COLUMN incoming_registration.ban IS 'As in tax_registration';
COMMENT ON COLUMN incoming_registration.headquarters_ban IS 'As in tax_registration';
COMMENT ON COLUMN incoming_registration.business_name IS 'As in tax_registration';
COMMENT ON COLUMN incoming_registration.business_address IS 'As in tax_registration';
COMMENT ON COLUMN incoming_registration.capital_amount IS 'As in tax_registration';
COMMENT ON COLUMN incoming_registration.business_setup_date IS 'As in tax_registration';
COMMENT ON COLUMN incoming_registration.setup_date IS 'As in tax_registration';
COMMENT ON COLUMN incoming_registration.business_type IS 'As in tax_registration';
COMMENT ON COLUMN incoming_registration.is_use_invoice IS 'As in tax_registration';
COMMENT ON COLUMN incoming_registration.content_hash IS 'As in tax_registration';

CREATE TABLE incoming_industry (
  business_id text COLLATE "C" NOT NULL,
  industry_code text COLLATE "C" NOT NULL,
  industry_name text COLLATE "C",
  "order" smallint NOT NULL,
  CONSTRAINT incoming_industry_pkey PRIMARY KEY (business_id, industry_code)
);
COMMENT ON TABLE incoming_industry IS 'All industries of the businesses in incoming_registration';
COMMENT ON COLUMN incoming_industry.business_id IS 'As in business_industry';
COMMENT ON COLUMN incoming_industry.industry_code IS 'As in business_industry';
COMMENT ON COLUMN incoming_industry.industry_name IS 'As in business_industry';
COMMENT ON COLUMN incoming_industry."order" IS 'As in business_industry';
