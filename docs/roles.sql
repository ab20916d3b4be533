-- Who may do what, as SQL. docs/database.md explains it.
--
--   psql -X -f docs/roles.sql DATABASE
--
-- by a superuser, or by whoever owns the database and may create roles (CREATEROLE). Run it before the first load, and once
-- more after it and after an upgrade that brings tables: each time it makes the rights what this file says, no more and no
-- less, so running it again is always safe. All of it or nothing: it is one transaction.
--
-- Roles belong to the whole server: with a second registry on it, give that one other names.
-- Other names than these: -v schema=… -v owner=… -v loader=… -v reader=… -v console=…
--
-- It makes roles that nobody can log in as, and no passwords. People and programs get one of them:
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
-- What is the registry's is named in full, and no function or operator but the server's own is found: whoever may make
-- things in the schema must not have this file carry them out.
SET LOCAL search_path = pg_catalog, pg_temp;

-- The roles.

SELECT format('CREATE ROLE %I NOLOGIN', name) FROM unnest(ARRAY[:'owner', :'loader', :'reader', :'console']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
-- Who is no superuser acts for the owner by being a member of it.
SELECT format('GRANT %I TO CURRENT_USER', :'owner') WHERE NOT pg_has_role(:'owner', 'USAGE') \gexec

-- The schema. Only the owner makes anything in it: before PostgreSQL 15 everybody may in 'public'.

SELECT format('CREATE SCHEMA %I AUTHORIZATION %I', :'schema', :'owner')
WHERE NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = :'schema') \gexec
REVOKE CREATE ON SCHEMA :"schema" FROM PUBLIC, :"loader", :"reader", :"console";
GRANT USAGE, CREATE ON SCHEMA :"schema" TO :"owner";
GRANT USAGE ON SCHEMA :"schema" TO :"loader", :"reader", :"console";

-- Tables that a load of the owner is yet to make, until this file is run again. Readers wait for that: what they may not
-- see has to be known by name.

ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA :"schema"
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO :"loader";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA :"schema" GRANT SELECT ON TABLES TO :"console";

-- The tables, where they are made and are the registry's. The loader changes rows and nothing else; readers see what was
-- published; the console sees everything and changes nothing. What belongs to whoever made the first load becomes the
-- owner's. The functions are open to all, and give everybody what the tables give them.

SELECT EXISTS (
  SELECT FROM pg_attribute
  WHERE attrelid = to_regclass(format('%I.schema_migration', :'schema')) AND attname = 'sha256'
) AS is_made \gset
\if :is_made
-- Tables of those names that a load did not make are not taken over: one user made them all, and nobody has hung anything on
-- them that would act in the owner's name.
WITH tables AS (
  SELECT c.oid, c.relowner FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = :'schema' AND c.relkind = 'r' AND pg_get_userbyid(c.relowner) <> :'owner' AND c.relname IN (
    'tax_registration', 'business_industry', 'registration_change', 'registration_correction', 'publication',
    'schema_migration', 'etl_job_run', 'import_progress', 'data_import_error', 'current_load', 'load_batch',
    'removed_registration', 'incoming_registration', 'incoming_industry', 'incoming_removal', 'run_lock')
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
    ('schema_migration', 'SELECT', 'SELECT', 'SELECT'),
    -- What a load tells of itself. Findings hold records as they came, which the rules have not let in.
    ('etl_job_run', 'SELECT, INSERT, UPDATE', NULL, 'SELECT'),
    ('import_progress', 'SELECT, INSERT, UPDATE', NULL, 'SELECT'),
    ('data_import_error', 'SELECT, INSERT, DELETE', NULL, 'SELECT'),
    -- What a load works with: nothing of it is published.
    ('current_load', 'SELECT, UPDATE', NULL, 'SELECT'),
    ('load_batch', 'SELECT, INSERT, DELETE', NULL, 'SELECT'),
    ('removed_registration', 'SELECT, INSERT, UPDATE, DELETE', NULL, 'SELECT'),
    ('incoming_registration', 'SELECT, INSERT, UPDATE, DELETE', NULL, 'SELECT'),
    ('incoming_industry', 'SELECT, INSERT, UPDATE, DELETE', NULL, 'SELECT'),
    ('incoming_removal', 'SELECT, INSERT, UPDATE, DELETE', NULL, 'SELECT'),
    ('run_lock', 'SELECT, UPDATE', NULL, 'SELECT'),
    -- While the first load is under way.
    ('tax_registration_bulk', NULL, NULL, NULL),
    ('business_industry_bulk', NULL, NULL, NULL)
), tables AS (
  SELECT r.*, format('%I.%I', n.nspname, c.relname) AS full_name, pg_get_userbyid(c.relowner) AS owned_by
  FROM rights r JOIN pg_class c ON c.relname = r.name JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = :'schema' AND c.relkind = 'r' AND (
    c.relname NOT LIKE '%\_bulk'
    OR obj_description(c.oid, 'pg_class') = 'Rows of a first load under way, which takes the place of the empty table')
)
SELECT CASE WHEN owned_by <> :'owner' THEN format('ALTER TABLE %s OWNER TO %I', full_name, :'owner') END,
  format('REVOKE ALL ON %s FROM %I, %I, %I', full_name, :'loader', :'reader', :'console'),
  CASE WHEN loader IS NOT NULL THEN format('GRANT %s ON %s TO %I', loader, full_name, :'loader') END,
  CASE WHEN reader IS NOT NULL THEN format('GRANT %s ON %s TO %I', reader, full_name, :'reader') END,
  CASE WHEN console IS NOT NULL THEN format('GRANT %s ON %s TO %I', console, full_name, :'console') END
FROM tables \gexec
SELECT format('ALTER FUNCTION %s OWNER TO %I', p.oid::regprocedure, :'owner')
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = :'schema' AND pg_get_userbyid(p.proowner) <> :'owner' AND NOT p.prosecdef AND p.oid IN (
  to_regprocedure(format('%I.registry_run_as_of(date)', :'schema')),
  to_regprocedure(format('%I.registry_as_of(date)', :'schema')),
  to_regprocedure(format('%I.registry_history(text)', :'schema')),
  -- The console's, for the indexes that its search is made with.
  to_regprocedure(format('%I.registry_bigrams(text)', :'schema'))) \gexec
\endif
COMMIT;
