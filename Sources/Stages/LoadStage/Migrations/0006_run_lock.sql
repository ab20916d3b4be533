-- A table for the run's lock alone, and a primary key for every table.

-- Nobody reads or writes it, so nobody waits behind a REINDEX, an ALTER or a VACUUM FULL that waits for the lock.
CREATE TABLE run_lock (
  singleton boolean NOT NULL DEFAULT true,
  CONSTRAINT run_lock_pkey PRIMARY KEY (singleton),
  CONSTRAINT run_lock_singleton_check CHECK (singleton)
);
COMMENT ON TABLE run_lock IS 'Locked by the load or gc that is under way; it has no rows';
COMMENT ON COLUMN run_lock.singleton IS 'Not used';

-- A publication FOR ALL TABLES refuses DELETE on a table without a primary key.
ALTER TABLE data_import_error
  ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY,
  ADD CONSTRAINT data_import_error_pkey PRIMARY KEY (id);
COMMENT ON COLUMN data_import_error.id IS 'Number of the finding';
