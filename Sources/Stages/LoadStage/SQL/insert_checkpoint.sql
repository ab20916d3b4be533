-- Stores the state after a job run, compressed.
-- :run: the job run. :state: a query of its state (registry_state.sql). :columns: the columns of the state that are stored.
INSERT INTO registration_checkpoint (job_run_id, first_ban, registrations)
SELECT :run, min(ban), pg_catalog.array_agg(ROW(:columns, NULL, NULL)::registration_state ORDER BY ban)
FROM (SELECT (row_number() OVER (ORDER BY s.ban) - 1) / 500 AS part, s.* FROM (:state) AS s) AS parts
GROUP BY part
