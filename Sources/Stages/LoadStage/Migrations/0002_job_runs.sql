-- What load did: one row a run, its findings, its progress, and what it published.

CREATE TABLE etl_job_run (
  id bigint GENERATED ALWAYS AS IDENTITY,
  started_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  completed_at timestamptz,
  status text COLLATE "C" NOT NULL DEFAULT 'running',
  records_total bigint NOT NULL DEFAULT 0,
  records_processed bigint NOT NULL DEFAULT 0,
  records_failed bigint NOT NULL DEFAULT 0,
  records_duplicated bigint NOT NULL DEFAULT 0,
  records_blank bigint NOT NULL DEFAULT 0,
  error_message text COLLATE "C",
  chunk_size bigint,
  data_source_url text COLLATE "C",
  source_date date,
  run_id text COLLATE "C",
  CONSTRAINT etl_job_run_pkey PRIMARY KEY (id),
  CONSTRAINT etl_job_run_status_check CHECK (status IN ('running', 'success', 'partial', 'failed'))
);
COMMENT ON TABLE etl_job_run IS 'Runs of load. One with nothing to do leaves no row';
COMMENT ON COLUMN etl_job_run.id IS 'Number of the run';
COMMENT ON COLUMN etl_job_run.started_at IS 'When it began';
COMMENT ON COLUMN etl_job_run.updated_at IS 'Heartbeat: moves every few seconds while it runs';
COMMENT ON COLUMN etl_job_run.completed_at IS 'When it ended, or was found dead';
COMMENT ON COLUMN etl_job_run.status IS
  'running; success; partial: published, with records that the rules rejected; failed: not published';
COMMENT ON COLUMN etl_job_run.records_total IS 'Records of the snapshot';
COMMENT ON COLUMN etl_job_run.records_processed IS 'Of them accepted by the rules';
COMMENT ON COLUMN etl_job_run.records_failed IS 'Of them rejected, duplicates not counted';
COMMENT ON COLUMN etl_job_run.records_duplicated IS 'Of them repeating a BAN that was accepted before';
COMMENT ON COLUMN etl_job_run.records_blank IS 'Of them blank';
COMMENT ON COLUMN etl_job_run.error_message IS 'Why it failed';
COMMENT ON COLUMN etl_job_run.chunk_size IS 'Records a chunk';
COMMENT ON COLUMN etl_job_run.data_source_url IS 'Where the snapshot came from, without secrets';
COMMENT ON COLUMN etl_job_run.source_date IS 'Date that the snapshot gives itself';
COMMENT ON COLUMN etl_job_run.run_id IS 'Identifier of the run in the logs';

CREATE TABLE data_import_error (
  job_run_id bigint NOT NULL,
  batch_number integer NOT NULL,
  severity text COLLATE "C" NOT NULL,
  error_type text COLLATE "C" NOT NULL,
  error_message text COLLATE "C" NOT NULL,
  raw_data jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT data_import_error_job_run_id_fkey FOREIGN KEY (job_run_id) REFERENCES etl_job_run (id) ON DELETE CASCADE,
  CONSTRAINT data_import_error_severity_check CHECK (severity IN ('error', 'warning'))
);
CREATE INDEX data_import_error_job_run_id_idx ON data_import_error (job_run_id, batch_number);
COMMENT ON TABLE data_import_error IS 'Findings, at most 100 of each severity a batch; the spool has all of them';
COMMENT ON COLUMN data_import_error.job_run_id IS 'Run that loaded the batch';
COMMENT ON COLUMN data_import_error.batch_number IS 'Chunk of the snapshot, from 1';
COMMENT ON COLUMN data_import_error.severity IS 'error: the record was rejected; warning: it was loaded all the same';
COMMENT ON COLUMN data_import_error.error_type IS 'Code of the finding';
COMMENT ON COLUMN data_import_error.error_message IS 'The finding in words';
COMMENT ON COLUMN data_import_error.raw_data IS 'The finding as in the spool: record, line, byte offset, column and the record itself';
COMMENT ON COLUMN data_import_error.created_at IS 'When it was written here';

CREATE TABLE import_progress (
  job_run_id bigint NOT NULL,
  last_successful_batch integer NOT NULL DEFAULT 0,
  current_batch integer NOT NULL DEFAULT 0,
  total_batches integer NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT import_progress_pkey PRIMARY KEY (job_run_id),
  CONSTRAINT import_progress_job_run_id_fkey FOREIGN KEY (job_run_id) REFERENCES etl_job_run (id) ON DELETE CASCADE
);
COMMENT ON TABLE import_progress IS 'How far a run is. What a later run goes on from is the ledger, load_batch';
COMMENT ON COLUMN import_progress.job_run_id IS 'The run';
COMMENT ON COLUMN import_progress.last_successful_batch IS 'This batch and all before it are in';
COMMENT ON COLUMN import_progress.current_batch IS 'Highest batch that was begun';
COMMENT ON COLUMN import_progress.total_batches IS 'Batches of the snapshot';
COMMENT ON COLUMN import_progress.updated_at IS 'When this row last changed';

CREATE TABLE publication (
  id bigint GENERATED ALWAYS AS IDENTITY,
  job_run_id bigint NOT NULL,
  snapshot text COLLATE "C" NOT NULL,
  source_sha256 text COLLATE "C" NOT NULL,
  content_sha256 text COLLATE "C" NOT NULL,
  rules_version integer NOT NULL,
  kind text COLLATE "C" NOT NULL,
  source_date date,
  whole boolean NOT NULL,
  registrations bigint NOT NULL,
  industries bigint NOT NULL,
  inserted bigint NOT NULL,
  updated bigint NOT NULL,
  removed bigint NOT NULL,
  published_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT publication_pkey PRIMARY KEY (id),
  CONSTRAINT publication_job_run_id_key UNIQUE (job_run_id),
  CONSTRAINT publication_job_run_id_fkey FOREIGN KEY (job_run_id) REFERENCES etl_job_run (id),
  CONSTRAINT publication_kind_check CHECK (kind IN ('bulk', 'reconcile'))
);
COMMENT ON TABLE publication IS 'Snapshots that became visible, in order; written in the transaction that made them so';
COMMENT ON COLUMN publication.id IS 'Number of the publication';
COMMENT ON COLUMN publication.job_run_id IS 'Run that published it';
COMMENT ON COLUMN publication.snapshot IS 'Name of the snapshot in the spool';
COMMENT ON COLUMN publication.source_sha256 IS 'SHA-256 of the source';
COMMENT ON COLUMN publication.content_sha256 IS 'SHA-256 of the validated rows';
COMMENT ON COLUMN publication.rules_version IS 'Rules by which the records were judged';
COMMENT ON COLUMN publication.kind IS 'bulk: into an empty registry; reconcile: only what differed was written';
COMMENT ON COLUMN publication.source_date IS 'Date that the snapshot gives itself';
COMMENT ON COLUMN publication.whole IS 'Whether it stands for the whole registry; a sample or a limited one removes nothing';
COMMENT ON COLUMN publication.registrations IS 'Rows of tax_registration after it';
COMMENT ON COLUMN publication.industries IS 'Rows of business_industry after it';
COMMENT ON COLUMN publication.inserted IS 'Businesses that were new';
COMMENT ON COLUMN publication.updated IS 'Businesses that differed';
COMMENT ON COLUMN publication.removed IS 'Businesses that were gone';
COMMENT ON COLUMN publication.published_at IS 'When it became visible';
