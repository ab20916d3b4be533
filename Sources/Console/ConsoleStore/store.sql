-- The console's own schema: accounts, sessions, audit log, schedules and tasks.

CREATE TABLE console.account (
  name text COLLATE "C" NOT NULL,
  role text COLLATE "C" NOT NULL,
  password_hash text COLLATE "C" NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  password_changed_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT account_pkey PRIMARY KEY (name),
  CONSTRAINT account_name_check CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$'),
  CONSTRAINT account_role_check CHECK (role IN ('viewer', 'operator'))
);
COMMENT ON TABLE console.account IS 'Who may come in';
COMMENT ON COLUMN console.account.name IS 'The name to log in with';
COMMENT ON COLUMN console.account.role IS 'viewer: sees everything; operator: may also start, stop, accept, roll back and schedule';
COMMENT ON COLUMN console.account.password_hash IS 'scrypt, in the PHC string format';
COMMENT ON COLUMN console.account.created_at IS 'When it was made';
COMMENT ON COLUMN console.account.password_changed_at IS 'When the password was set last';

CREATE TABLE console.session (
  token_hash text COLLATE "C" NOT NULL,
  account text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL,
  form_token text COLLATE "C" NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  CONSTRAINT session_pkey PRIMARY KEY (token_hash),
  CONSTRAINT session_account_fkey FOREIGN KEY (account) REFERENCES console.account (name) ON DELETE CASCADE,
  CONSTRAINT session_kind_check CHECK (kind IN ('browser', 'api'))
);
CREATE INDEX session_account_idx ON console.session (account);
COMMENT ON TABLE console.session IS 'Who is in: browsers, and programs with a token for the API';
COMMENT ON COLUMN console.session.token_hash IS 'SHA-256 of the token: the token itself is in the cookie alone';
COMMENT ON COLUMN console.session.account IS 'Whose it is';
COMMENT ON COLUMN console.session.kind IS 'browser: a cookie; api: a token in the Authorization header, which may only read';
COMMENT ON COLUMN console.session.form_token IS 'What each form of this session has to bring along';
COMMENT ON COLUMN console.session.created_at IS 'When it began';
COMMENT ON COLUMN console.session.expires_at IS 'When it ends by itself';

CREATE TABLE console.login_failure (
  id bigint GENERATED ALWAYS AS IDENTITY,
  name text COLLATE "C" NOT NULL,
  address text COLLATE "C" NOT NULL,
  failed_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT login_failure_pkey PRIMARY KEY (id)
);
CREATE INDEX login_failure_failed_at_idx ON console.login_failure (failed_at);
COMMENT ON TABLE console.login_failure IS 'Attempts to log in that failed, for the limit on them; kept for a day';
COMMENT ON COLUMN console.login_failure.id IS 'Number of the attempt';
COMMENT ON COLUMN console.login_failure.name IS 'The name that was tried, cut to 64 characters';
COMMENT ON COLUMN console.login_failure.address IS 'Where it came from';
COMMENT ON COLUMN console.login_failure.failed_at IS 'When';

CREATE TABLE console.audit (
  id bigint GENERATED ALWAYS AS IDENTITY,
  at timestamptz NOT NULL DEFAULT now(),
  account text COLLATE "C",
  address text COLLATE "C",
  action text COLLATE "C" NOT NULL,
  subject text COLLATE "C",
  detail jsonb NOT NULL DEFAULT '{}',
  CONSTRAINT audit_pkey PRIMARY KEY (id)
);
COMMENT ON TABLE console.audit IS 'Every action: rows are only ever added';
COMMENT ON COLUMN console.audit.id IS 'Number of the entry';
COMMENT ON COLUMN console.audit.at IS 'When';
COMMENT ON COLUMN console.audit.account IS 'Who; NULL for a log-in that failed and for the command line';
COMMENT ON COLUMN console.audit.address IS 'From where; NULL for the command line';
COMMENT ON COLUMN console.audit.action IS 'What, such as schedule.create';
COMMENT ON COLUMN console.audit.subject IS 'On what: a schedule, a task, an account';
COMMENT ON COLUMN console.audit.detail IS 'What else there is to know';

CREATE TABLE console.schedule (
  id bigint GENERATED ALWAYS AS IDENTITY,
  name text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL,
  timing text COLLATE "C" NOT NULL,
  time_zone text COLLATE "C" NOT NULL,
  repeats integer NOT NULL DEFAULT -1,
  is_paused boolean NOT NULL DEFAULT false,
  limit_minutes integer NOT NULL DEFAULT 120,
  retries integer NOT NULL DEFAULT 0,
  retry_minutes integer NOT NULL DEFAULT 5,
  anchored_at timestamptz NOT NULL DEFAULT now(),
  next_at timestamptz,
  missed bigint NOT NULL DEFAULT 0,
  missed_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  created_by text COLLATE "C",
  CONSTRAINT schedule_pkey PRIMARY KEY (id),
  CONSTRAINT schedule_name_key UNIQUE (name),
  CONSTRAINT schedule_kind_check CHECK (kind IN ('run', 'dry-run')),
  CONSTRAINT schedule_repeats_check CHECK (repeats >= -1),
  CONSTRAINT schedule_limit_check CHECK (limit_minutes BETWEEN 1 AND 1440),
  CONSTRAINT schedule_retries_check CHECK (retries BETWEEN 0 AND 10 AND retry_minutes BETWEEN 1 AND 1440)
);
COMMENT ON TABLE console.schedule IS 'What is to run when';
COMMENT ON COLUMN console.schedule.id IS 'Number of the schedule';
COMMENT ON COLUMN console.schedule.name IS 'What it is called';
COMMENT ON COLUMN console.schedule.kind IS 'run: a full run; dry-run: fetch, transform and a comparison with the registry';
COMMENT ON COLUMN console.schedule.timing IS 'A cron expression of five fields, or "every N minutes"';
COMMENT ON COLUMN console.schedule.time_zone IS 'The zone of the cron expression, such as Asia/Taipei';
COMMENT ON COLUMN console.schedule.repeats IS 'How many times more; -1 for ever, 0 no more';
COMMENT ON COLUMN console.schedule.is_paused IS 'Whether it rests';
COMMENT ON COLUMN console.schedule.limit_minutes IS 'After this time its run is stopped cleanly';
COMMENT ON COLUMN console.schedule.retries IS 'How often a run that failed for a passing reason, or was cut short, is started again';
COMMENT ON COLUMN console.schedule.retry_minutes IS 'How long after the failure';
COMMENT ON COLUMN console.schedule.anchored_at IS 'From when "every N minutes" is counted';
COMMENT ON COLUMN console.schedule.next_at IS 'When it is due next; NULL while it rests or is over';
COMMENT ON COLUMN console.schedule.missed IS 'Times that passed without a run: nothing was there to start it, or the one before was still waiting';
COMMENT ON COLUMN console.schedule.missed_at IS 'The last of them';
COMMENT ON COLUMN console.schedule.created_at IS 'When it was made';
COMMENT ON COLUMN console.schedule.created_by IS 'By whom; NULL for the command line';

CREATE TABLE console.task (
  id bigint GENERATED ALWAYS AS IDENTITY,
  kind text COLLATE "C" NOT NULL,
  arguments text[] COLLATE "C" NOT NULL DEFAULT '{}',
  state text COLLATE "C" NOT NULL DEFAULT 'queued',
  schedule_id bigint,
  due_at timestamptz,
  attempt integer NOT NULL DEFAULT 1,
  not_before timestamptz NOT NULL DEFAULT now(),
  limit_minutes integer NOT NULL DEFAULT 120,
  publication bigint,
  asked_by text COLLATE "C",
  queued_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  ended_at timestamptz,
  host text COLLATE "C",
  run_id text COLLATE "C",
  exit_code integer,
  reason text COLLATE "C",
  stop_asked_by text COLLATE "C",
  summary jsonb,
  log text COLLATE "C",
  CONSTRAINT task_pkey PRIMARY KEY (id),
  CONSTRAINT task_schedule_fkey FOREIGN KEY (schedule_id) REFERENCES console.schedule (id) ON DELETE SET NULL,
  CONSTRAINT task_due_key UNIQUE (schedule_id, due_at, attempt),
  CONSTRAINT task_kind_check
    CHECK (kind IN ('run', 'dry-run', 'fetch', 'transform', 'load', 'rollback')),
  CONSTRAINT task_state_check CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'stopped'))
);
CREATE INDEX task_queue_idx ON console.task (not_before, id) WHERE state = 'queued';
CREATE INDEX task_run_id_idx ON console.task (run_id);
COMMENT ON TABLE console.task IS 'Runs that the console was asked for, or a schedule: the queue, and what came of them';
COMMENT ON COLUMN console.task.id IS 'Number of the task';
COMMENT ON COLUMN console.task.kind IS 'The command of pipeline.sh';
COMMENT ON COLUMN console.task.arguments IS 'Its arguments';
COMMENT ON COLUMN console.task.state IS
  'queued; running; succeeded: exit code 0; failed: any other; stopped: somebody stopped it or took it out of the queue';
COMMENT ON COLUMN console.task.schedule_id IS 'The schedule that it is of';
COMMENT ON COLUMN console.task.due_at IS 'When it was due: a schedule has one task for each time and attempt';
COMMENT ON COLUMN console.task.attempt IS 'From 1';
COMMENT ON COLUMN console.task.not_before IS 'When it may begin';
COMMENT ON COLUMN console.task.limit_minutes IS 'After this time it is stopped cleanly';
COMMENT ON COLUMN console.task.publication IS
  'The newest publication when it was asked for, where what it does depends on that: with another one it is not begun';
COMMENT ON COLUMN console.task.asked_by IS 'Who asked for it; NULL for a schedule';
COMMENT ON COLUMN console.task.queued_at IS 'When it was asked for';
COMMENT ON COLUMN console.task.started_at IS 'When a worker took it';
COMMENT ON COLUMN console.task.ended_at IS 'When it ended';
COMMENT ON COLUMN console.task.host IS 'The machine that it runs or ran on';
COMMENT ON COLUMN console.task.run_id IS 'Identifier of the run in the logs and in etl_job_run';
COMMENT ON COLUMN console.task.exit_code IS 'Of pipeline.sh; NULL where it never ended by itself';
COMMENT ON COLUMN console.task.reason IS 'Why it did not succeed, where the exit code does not say: time limit, cut short, not started, overtaken, stopped';
COMMENT ON COLUMN console.task.stop_asked_by IS 'Who asked to stop it';
COMMENT ON COLUMN console.task.summary IS 'The summary that pipeline.sh printed';
COMMENT ON COLUMN console.task.log IS 'The log, JSON lines; of a long one the end';
