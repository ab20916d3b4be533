#!/usr/bin/env bash
# What an expert would write by hand for a first load, knowing these very tables: the finished files by COPY on two
# connections at once, frozen (the tables are made in the same transaction: with wal_level minimal their rows write no
# WAL), then the indexes on two connections, balanced by hand; then the foreign key, and statistics.
# It has none of what load does beside: no resume, no ledger, no digest, no lock, no swap that readers do not notice.
#
# PSQL, DATABASE_URL (its schema is empty), TRANSFORMED (a snapshot's folder of finished files)
set -euo pipefail
: "${PSQL:?}" "${DATABASE_URL:?}" "${TRANSFORMED:?}"

sql() { "$PSQL" -Xqb -v ON_ERROR_STOP=1 -d "$DATABASE_URL" "$@"; }
settings="SET synchronous_commit = off; SET maintenance_work_mem = '512MB'"

registrations() {
  sql <<SQL
$settings;
BEGIN;
CREATE TABLE tax_registration (
  ban text COLLATE "C" NOT NULL, headquarters_ban text COLLATE "C", business_name text COLLATE "C" NOT NULL,
  business_address text COLLATE "C", capital_amount bigint, business_setup_date text COLLATE "C", setup_date date,
  business_type text COLLATE "C", is_use_invoice boolean, data_source_date date,
  created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now(),
  content_hash bigint NOT NULL) WITH (fillfactor = 90);
\copy tax_registration (ban, headquarters_ban, business_name, business_address, capital_amount, business_setup_date, setup_date, business_type, is_use_invoice, content_hash) FROM PROGRAM 'cat "$TRANSFORMED"/*.registrations.tsv' WITH (FREEZE)
COMMIT;
SQL
}

industries() {
  sql <<SQL
$settings;
BEGIN;
CREATE TABLE business_industry (
  business_id text COLLATE "C" NOT NULL, industry_code text COLLATE "C" NOT NULL, industry_name text COLLATE "C",
  "order" smallint NOT NULL);
\copy business_industry FROM PROGRAM 'cat "$TRANSFORMED"/*.industries.tsv' WITH (FREEZE)
COMMIT;
SQL
}

all() { # JOB...: side by side, and wrong if one of them is
  local pids=() pid
  for job; do "$job" & pids+=($!); done
  for pid in "${pids[@]}"; do wait "$pid"; done
}

first_indexes() {
  sql -c "$settings" -c 'ALTER TABLE business_industry ADD CONSTRAINT business_industry_pkey PRIMARY KEY (business_id, industry_code)' \
    -c 'CREATE INDEX tax_registration_capital_amount_idx ON tax_registration (capital_amount)' \
    -c 'ALTER TABLE tax_registration ADD CONSTRAINT tax_registration_pkey PRIMARY KEY (ban)'
}

second_indexes() {
  sql -c "$settings" -c 'CREATE INDEX business_industry_industry_code_idx ON business_industry (industry_code, business_id)' \
    -c 'CREATE INDEX tax_registration_business_name_idx ON tax_registration (business_name)' \
    -c 'CREATE INDEX tax_registration_headquarters_ban_idx ON tax_registration (headquarters_ban)' \
    -c 'CREATE INDEX tax_registration_business_type_idx ON tax_registration (business_type)'
}

all registrations industries
all first_indexes second_indexes
sql -c "$settings" -c 'ALTER TABLE business_industry ADD CONSTRAINT business_industry_business_id_fkey FOREIGN KEY (business_id)
  REFERENCES tax_registration (ban) ON DELETE CASCADE' -c 'ANALYZE tax_registration, business_industry'
