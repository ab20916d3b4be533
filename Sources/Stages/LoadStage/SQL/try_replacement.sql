-- Tries what a replacement of the tables does, and undoes it: the block's own error undoes everything in it. An error of
-- an event trigger is in registry.refusal until the transaction ends.
DO $$
BEGIN
  CREATE TABLE tax_registration_probe (ban text);
  CREATE INDEX tax_registration_probe_ban ON tax_registration_probe (ban);
  COMMENT ON TABLE tax_registration_probe IS 'made and dropped by load';
  ALTER INDEX tax_registration_probe_ban RENAME TO tax_registration_probe_index;
  ALTER TABLE tax_registration_probe RENAME TO tax_registration_probed;
  DROP TABLE tax_registration_probed;
  RAISE EXCEPTION USING ERRCODE = 'RG000';
EXCEPTION
  WHEN SQLSTATE 'RG000' THEN NULL;
  WHEN OTHERS THEN PERFORM pg_catalog.set_config('registry.refusal', SQLERRM, true);
END $$
