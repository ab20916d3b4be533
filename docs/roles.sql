-- Creates the roles of a database and sets their rights. docs/database.md explains them.
--
--   psql -X -f docs/roles.sql DATABASE
--
-- Run it as a superuser, or as the database's owner with CREATEROLE: before the first load, again after it, and after an
-- upgrade that brings tables. It sets the rights of its four roles to exactly what this file says, so it is safe to run
-- again. It is one transaction. Rights of PUBLIC and of other roles stay.
--
-- Roles belong to the whole server. If it has a second registry, give that one other roles:
--   -v schema=… -v owner=… -v loader=… -v reader=… -v console=…
--
-- The roles cannot log in, and have no passwords. Grant one of them to each login:
--   GRANT registry_loader TO nightly;

\set ON_ERROR_STOP on
\if :{?schema}
\else
  \set schema public
\endif
\if :{?owner}
\else
  \set owner registry_owner
\endif
\if :{?loader}
\else
  \set loader registry_loader
\endif
\if :{?reader}
\else
  \set reader registry_reader
\endif
\if :{?console}
\else
  \set console registry_console
\endif

BEGIN;
SET LOCAL client_min_messages = warning;
-- Names of the registry's objects are qualified, and only the server's own functions and operators are found. A user who
-- can create objects in the schema could otherwise have this file execute them.
SET LOCAL search_path = pg_catalog, pg_temp;

-- The roles.

SELECT format('CREATE ROLE %I NOLOGIN', name) FROM unnest(ARRAY[:'owner', :'loader', :'reader', :'console']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
-- A user who is no superuser has to be a member of the owner to act for it.
SELECT format('GRANT %I TO CURRENT_USER', :'owner') WHERE NOT pg_has_role(:'owner', 'USAGE') \gexec

-- The database, if not every user may connect to it.

SELECT format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), name)
FROM unnest(ARRAY[:'owner', :'loader', :'reader', :'console']) AS name
WHERE NOT has_database_privilege(name, current_database(), 'CONNECT') \gexec

-- The schema. Only the owner may create objects in it. (Before PostgreSQL 15 every user may do so in 'public'.)

SELECT format('CREATE SCHEMA %I AUTHORIZATION %I', :'schema', :'owner')
WHERE NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = :'schema') \gexec
REVOKE CREATE ON SCHEMA :"schema" FROM PUBLIC, :"loader", :"reader", :"console";
GRANT USAGE, CREATE ON SCHEMA :"schema" TO :"owner";
GRANT USAGE ON SCHEMA :"schema" TO :"loader", :"reader", :"console";

-- Default rights on tables and functions that the owner's loads create later, until this file is run again. Readers get none
-- on tables: which tables they may not read has to be listed by name.

ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA :"schema"
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO :"loader";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA :"schema" GRANT SELECT ON TABLES TO :"console";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA :"schema"
  GRANT EXECUTE ON FUNCTIONS TO :"loader", :"reader", :"console";

-- The tables, if they exist and a load created them. The loader may only change rows. Readers may read what was published.
-- The console may read everything. Tables of the login that ran the first load become the owner's. All of them may call the
-- functions, which run with the caller's rights: views and indexes call some of them, also for the loader.

SELECT EXISTS (
  SELECT FROM pg_attribute
  WHERE attrelid = to_regclass(format('%I.schema_migration', :'schema')) AND attname = 'sha256'
) AS is_made \gset
\if :is_made
-- Tables with these names that a load did not create are not taken over: all must belong to one user, and have no trigger,
-- rule or policy, which would run with the owner's rights.
WITH tables AS (
  SELECT c.oid, c.relowner FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = :'schema' AND c.relkind = 'r' AND pg_get_userbyid(c.relowner) <> :'owner' AND c.relname IN (
    'tax_registration', 'business_industry', 'registration_change', 'registration_correction', 'publication',
    'schema_migration', 'etl_job_run', 'import_progress', 'data_import_error', 'current_load', 'load_batch',
    'removed_registration', 'incoming_registration', 'incoming_industry', 'incoming_removal', 'run_lock', 'industry',
    'source_check', 'registration_checkpoint')
)
SELECT (SELECT count(DISTINCT relowner) > 1 FROM tables)
  OR EXISTS (SELECT FROM pg_trigger t JOIN tables ON t.tgrelid = tables.oid WHERE NOT t.tgisinternal)
  OR EXISTS (SELECT FROM pg_rewrite r JOIN tables ON r.ev_class = tables.oid)
  OR EXISTS (SELECT FROM pg_policy p JOIN tables ON p.polrelid = tables.oid) AS is_foreign \gset
\if :is_foreign
DO $$ BEGIN
  RAISE EXCEPTION 'the tables are of several users, or bear triggers, rules or policies: they are not handed over'
    USING HINT = 'make them one user''s, drop what hangs on them, and run this again';
END $$;
\endif
WITH rights (name, loader, reader, console) AS (
  VALUES
    -- The registry, what changed in it, and when it was published.
    ('tax_registration', 'SELECT, INSERT, UPDATE, DELETE', 'SELECT', 'SELECT'),
    ('business_industry', 'SELECT, INSERT, UPDATE, DELETE', 'SELECT', 'SELECT'),
    ('registration_change', 'SELECT, INSERT, DELETE', 'SELECT', 'SELECT'),
    ('registration_correction', 'SELECT, INSERT, UPDATE', 'SELECT', 'SELECT'),
    ('publication', 'SELECT, INSERT, UPDATE', 'SELECT', 'SELECT'),
    ('registration_checkpoint', 'SELECT, INSERT, DELETE', 'SELECT', 'SELECT'),
    ('industry', 'SELECT, INSERT, UPDATE', 'SELECT', 'SELECT'),
    ('source_check', 'SELECT, UPDATE', 'SELECT', 'SELECT'),
    ('schema_migration', 'SELECT', 'SELECT', 'SELECT'),
    -- Views of these tables.
    ('business', 'SELECT', 'SELECT', 'SELECT'),
    ('business_industry_slot', 'SELECT', 'SELECT', 'SELECT'),
    ('registration_change_flat', 'SELECT', 'SELECT', 'SELECT'),
    ('registry_day', 'SELECT', 'SELECT', 'SELECT'),
    ('registry_freshness', 'SELECT', 'SELECT', 'SELECT'),
    -- Job runs and findings. Findings hold rejected records as they were published.
    ('etl_job_run', 'SELECT, INSERT, UPDATE', NULL, 'SELECT'),
    ('import_progress', 'SELECT, INSERT, UPDATE', NULL, 'SELECT'),
    ('data_import_error', 'SELECT, INSERT, DELETE', NULL, 'SELECT'),
    -- Working tables of a load: nothing in them is published.
    ('current_load', 'SELECT, UPDATE', NULL, 'SELECT'),
    ('load_batch', 'SELECT, INSERT, DELETE', NULL, 'SELECT'),
    ('removed_registration', 'SELECT, INSERT, UPDATE, DELETE', NULL, 'SELECT'),
    ('incoming_registration', 'SELECT, INSERT, UPDATE, DELETE', NULL, 'SELECT'),
    ('incoming_industry', 'SELECT, INSERT, UPDATE, DELETE', NULL, 'SELECT'),
    ('incoming_removal', 'SELECT, INSERT, UPDATE, DELETE', NULL, 'SELECT'),
    ('run_lock', 'SELECT, UPDATE', NULL, 'SELECT'),
    -- They exist during the first load only.
    ('tax_registration_bulk', NULL, NULL, NULL),
    ('business_industry_bulk', NULL, NULL, NULL)
), tables AS (
  SELECT r.*, format('%I.%I', n.nspname, c.relname) AS full_name, pg_get_userbyid(c.relowner) AS owned_by
  FROM rights r JOIN pg_class c ON c.relname = r.name JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = :'schema' AND (c.relkind = 'r' OR c.relkind = 'v' AND c.relowner IN (
    -- A view of another user would run with the rights of its new owner.
    SELECT m.relowner FROM pg_class m WHERE m.oid = to_regclass(format('%I.schema_migration', :'schema')))) AND (
    c.relname NOT LIKE '%\_bulk'
    OR obj_description(c.oid, 'pg_class') = 'Rows of a first load under way, which takes the place of the empty table')
)
SELECT CASE WHEN owned_by <> :'owner' THEN format('ALTER TABLE %s OWNER TO %I', full_name, :'owner') END,
  format('REVOKE ALL ON %s FROM %I, %I, %I', full_name, :'loader', :'reader', :'console'),
  CASE WHEN loader IS NOT NULL THEN format('GRANT %s ON %s TO %I', loader, full_name, :'loader') END,
  CASE WHEN reader IS NOT NULL THEN format('GRANT %s ON %s TO %I', reader, full_name, :'reader') END,
  CASE WHEN console IS NOT NULL THEN format('GRANT %s ON %s TO %I', console, full_name, :'console') END
FROM tables \gexec
SELECT format('ALTER TYPE %s OWNER TO %I', t.oid::regtype, :'owner') FROM pg_type t
WHERE t.oid = to_regtype(format('%I.registration_state', :'schema')) AND pg_get_userbyid(t.typowner) <> :'owner' \gexec
SELECT CASE WHEN pg_get_userbyid(p.proowner) <> :'owner'
    THEN format('ALTER FUNCTION %s OWNER TO %I', p.oid::regprocedure, :'owner') END,
  format('GRANT EXECUTE ON FUNCTION %s TO %I, %I, %I', p.oid::regprocedure, :'loader', :'reader', :'console')
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = :'schema' AND NOT p.prosecdef AND p.oid IN (
  to_regprocedure(format('%I.registry_run_as_of(date)', :'schema')),
  to_regprocedure(format('%I.registry_as_of(date)', :'schema')),
  to_regprocedure(format('%I.registry_history(text)', :'schema')),
  to_regprocedure(format('%I.registry_on(date, text)', :'schema')),
  to_regprocedure(format('%I.registry_changes(date, date)', :'schema')),
  to_regprocedure(format('%I.registry_net_changes(bigint, bigint)', :'schema')),
  to_regprocedure(format('%I.registry_anchor(bigint)', :'schema')),
  to_regprocedure(format('%I.registration_change_columns(text[], jsonb, jsonb)', :'schema')),
  to_regprocedure(format('%I.registration_image_text(jsonb, text)', :'schema')),
  to_regprocedure(format('%I.registry_businesses()', :'schema')),
  to_regprocedure(format('%I.registry_industry_slots()', :'schema')),
  to_regprocedure(format('%I.address_city(text)', :'schema')),
  to_regprocedure(format('%I.address_district(text)', :'schema')),
  -- The console's, for its search indexes.
  to_regprocedure(format('%I.registry_bigrams(text)', :'schema'))) \gexec
\endif
COMMIT;
