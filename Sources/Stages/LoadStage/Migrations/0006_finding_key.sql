-- Every table has a primary key. A publication FOR ALL TABLES refuses DELETE on a table without one.

ALTER TABLE data_import_error
  ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY,
  ADD CONSTRAINT data_import_error_pkey PRIMARY KEY (id);
COMMENT ON COLUMN data_import_error.id IS 'Number of the finding';
