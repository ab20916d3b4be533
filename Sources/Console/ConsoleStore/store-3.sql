-- Version 3: a table only for the worker's lock. It is never read or written, so no page waits behind a REINDEX, an
-- ALTER or a VACUUM FULL that waits for the lock.

CREATE TABLE console.worker_lock (
  singleton boolean NOT NULL DEFAULT true,
  CONSTRAINT worker_lock_pkey PRIMARY KEY (singleton),
  CONSTRAINT worker_lock_singleton_check CHECK (singleton)
);
COMMENT ON TABLE console.worker_lock IS 'Locked by the console that carries the schedules and the queue out; it has no rows';
COMMENT ON COLUMN console.worker_lock.singleton IS 'Not used';
