-- What changed, business by business; what a publication stands for; corrections by hand.

CREATE TABLE registration_change (
  job_run_id bigint NOT NULL,
  source_date date,
  ban text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL,
  reason text COLLATE "C",
  changed_columns text[] COLLATE "C" NOT NULL DEFAULT '{}',
  before jsonb,
  after jsonb,
  -- No foreign key to etl_job_run: on a day on which everything changed it would be looked up millions of times.
  CONSTRAINT registration_change_pkey PRIMARY KEY (job_run_id, ban),
  CONSTRAINT registration_change_kind_check CHECK (kind IN ('added', 'changed', 'removed', 'reappeared')),
  CONSTRAINT registration_change_reason_check CHECK (reason IN ('absent', 'rejected')),
  CONSTRAINT registration_change_images_check
    CHECK ((before IS NULL) = (kind IN ('added', 'reappeared')) AND (after IS NULL) = (kind = 'removed'))
);
CREATE INDEX registration_change_ban_idx ON registration_change (ban, job_run_id);
COMMENT ON TABLE registration_change IS
  'The change feed: a row for each business that a publication added, changed or removed. The first publication, into an empty registry, is its base and has none';
COMMENT ON COLUMN registration_change.job_run_id IS 'Run that published the change';
COMMENT ON COLUMN registration_change.source_date IS 'Date that the snapshot gives itself';
COMMENT ON COLUMN registration_change.ban IS 'The business';
COMMENT ON COLUMN registration_change.kind IS 'added: never seen before; changed; removed; reappeared: seen before, and removed since';
COMMENT ON COLUMN registration_change.reason IS
  'Why it was removed. absent: the snapshot lacks it; rejected: its BAN stands legibly in a record that the rules rejected';
COMMENT ON COLUMN registration_change.changed_columns IS 'What differs, of a changed business; industries count as one column';
COMMENT ON COLUMN registration_change.before IS 'The business before, its industries included; NULL where it was not there';
COMMENT ON COLUMN registration_change.after IS 'The business after, its industries included; NULL where it is gone';

ALTER TABLE publication
  ADD COLUMN action text COLLATE "C" NOT NULL DEFAULT 'load',
  ADD COLUMN as_of_date date
    GENERATED ALWAYS AS (coalesce(source_date, (published_at AT TIME ZONE 'Asia/Taipei')::date)) STORED,
  ADD COLUMN records bigint,
  ADD COLUMN missing_columns text[] COLLATE "C",
  ADD COLUMN cities jsonb,
  ADD COLUMN changes jsonb NOT NULL DEFAULT '{}',
  ADD COLUMN repaired bigint NOT NULL DEFAULT 0,
  ADD COLUMN repaired_bans text[] COLLATE "C" NOT NULL DEFAULT '{}',
  ADD COLUMN refusals text[] COLLATE "C" NOT NULL DEFAULT '{}',
  ADD COLUMN accepted_by text COLLATE "C",
  ADD COLUMN accept_reason text COLLATE "C",
  ADD COLUMN feed_expired_at timestamptz,
  ADD CONSTRAINT publication_action_check CHECK (action IN ('load', 'rollback', 'replay', 'withdraw'));
-- What earlier versions published left no rows in the feed.
UPDATE publication SET feed_expired_at = now() WHERE kind = 'reconcile';
COMMENT ON COLUMN publication.action IS
  'load: a snapshot; rollback: an earlier one again; replay, withdraw: the same one, with corrections by hand put on or taken off';
COMMENT ON COLUMN publication.as_of_date IS 'From which day on it counts: its source date, else the day it was published in Asia/Taipei';
COMMENT ON COLUMN publication.records IS 'Records of the snapshot';
COMMENT ON COLUMN publication.missing_columns IS 'Known columns that the snapshot lacks';
COMMENT ON COLUMN publication.cities IS 'Businesses of the snapshot by city or county';
COMMENT ON COLUMN publication.changes IS 'Rows in registration_change by kind, by reason and by column';
COMMENT ON COLUMN publication.repaired IS 'Businesses that a hand had edited and that were made right again; they are not in the change feed';
COMMENT ON COLUMN publication.repaired_bans IS 'Which, the first thousand';
COMMENT ON COLUMN publication.refusals IS 'Why the gate refused the snapshot, where it was accepted all the same';
COMMENT ON COLUMN publication.accepted_by IS 'User of the operating system who accepted it; the time is published_at';
COMMENT ON COLUMN publication.accept_reason IS 'Why, in that user''s words';
COMMENT ON COLUMN publication.feed_expired_at IS 'When its rows in registration_change were deleted for their age; also where there never were any, for the feed is younger';

CREATE TABLE registration_correction (
  id bigint GENERATED ALWAYS AS IDENTITY,
  ban text COLLATE "C" NOT NULL,
  content jsonb NOT NULL,
  content_hash bigint NOT NULL,
  source_hash bigint,
  fixed_codes text[] COLLATE "C" NOT NULL DEFAULT '{}',
  corrected_by text COLLATE "C" NOT NULL,
  corrected_at timestamptz NOT NULL DEFAULT now(),
  job_run_id bigint NOT NULL,
  ended_at timestamptz,
  end_reason text COLLATE "C",
  ended_job_run_id bigint,
  CONSTRAINT registration_correction_pkey PRIMARY KEY (id),
  CONSTRAINT registration_correction_end_check CHECK (end_reason IN ('fixed', 'gone', 'replaced', 'withdrawn'))
);
CREATE UNIQUE INDEX registration_correction_in_force_key ON registration_correction (ban) WHERE ended_at IS NULL;
CREATE INDEX registration_correction_ban_idx ON registration_correction (ban, id);
COMMENT ON TABLE registration_correction IS
  'Corrections by hand. One in force (ended_at is null) marks its business: the registry holds the correction in place of the source''s record';
COMMENT ON COLUMN registration_correction.id IS 'Number of the correction';
COMMENT ON COLUMN registration_correction.ban IS 'The business';
COMMENT ON COLUMN registration_correction.content IS 'The business as corrected, its industries included';
COMMENT ON COLUMN registration_correction.content_hash IS 'As in tax_registration';
COMMENT ON COLUMN registration_correction.source_hash IS
  'Content hash of the source''s own record when it was corrected; NULL where the source had none that the rules accept';
COMMENT ON COLUMN registration_correction.fixed_codes IS 'Findings that the source''s record had and the corrected one has not';
COMMENT ON COLUMN registration_correction.corrected_by IS 'User of the operating system who corrected it';
COMMENT ON COLUMN registration_correction.corrected_at IS 'When';
COMMENT ON COLUMN registration_correction.job_run_id IS 'Run that put it on';
COMMENT ON COLUMN registration_correction.ended_at IS 'When it ended; NULL while it is in force';
COMMENT ON COLUMN registration_correction.end_reason IS
  'fixed: the source has a record without the fault; gone: the source has the business no more; replaced: by another correction; withdrawn: by hand';
COMMENT ON COLUMN registration_correction.ended_job_run_id IS 'Run that ended it';

CREATE TABLE incoming_removal (
  ban text COLLATE "C" NOT NULL,
  reason text COLLATE "C" NOT NULL,
  is_repair boolean NOT NULL DEFAULT false,
  CONSTRAINT incoming_removal_pkey PRIMARY KEY (ban)
);
COMMENT ON TABLE incoming_removal IS 'Businesses that the load under way takes out; empty when none is';
COMMENT ON COLUMN incoming_removal.ban IS 'The business';
COMMENT ON COLUMN incoming_removal.reason IS 'As in registration_change';
COMMENT ON COLUMN incoming_removal.is_repair IS 'The source never had it: a hand had put it in';

ALTER TABLE current_load ADD COLUMN action text COLLATE "C";
COMMENT ON COLUMN current_load.action IS 'As in publication: what one staged is of no use to another';

ALTER TABLE incoming_registration ADD COLUMN is_repair boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN incoming_registration.is_repair IS 'The source did not change it: a hand had edited the registry';
