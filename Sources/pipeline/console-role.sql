-- Creates the role with which the console's pages read the private PostgreSQL (run by psql).
SET client_min_messages = warning;
SELECT 'CREATE ROLE registry_console NOLOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'registry_console') \gexec
GRANT registry_console TO registry;
GRANT USAGE ON SCHEMA public TO registry_console;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO registry_console;
ALTER DEFAULT PRIVILEGES FOR ROLE registry IN SCHEMA public GRANT SELECT ON TABLES TO registry_console;
