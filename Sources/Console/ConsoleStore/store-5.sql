-- Version 5: the schema of the one registry that this console belongs to. There is one schema 'console' in a database, so a
-- second registry in another schema would share its accounts, schedules and queue.

CREATE TABLE console.registry (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  schema_name text COLLATE "C" NOT NULL
);
COMMENT ON TABLE console.registry IS 'The registry that this console belongs to; one row after the first start with a registry';
COMMENT ON COLUMN console.registry.singleton IS 'Always true: there is one row';
COMMENT ON COLUMN console.registry.schema_name IS 'Schema of the registry''s tables';
