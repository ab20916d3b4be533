#!/usr/bin/env bash
# A first load as an expert would write it by hand for these tables. COPY loads the finished files on two connections at
# once, frozen (the tables are emptied in the same transaction: with wal_level minimal their rows write no WAL). Then the
# same two connections build the indexes: each takes the next free index, those of its own table first. Then the foreign
# key and the statistics.
# Tried, and slower: no parallel workers within an index; COPY without FREEZE; half of each table's files on each connection.
# It omits what load does besides: resume, load state, digests, the lock, and a swap that readers do not notice.
#
# Environment: PSQL, DATABASE_URL (with an empty schema), TRANSFORMED (a snapshot's folder of finished files)
set -euo pipefail
: "${PSQL:?}" "${DATABASE_URL:?}" "${TRANSFORMED:?}"

sql() { "$PSQL" -Xqbo /dev/null -v ON_ERROR_STOP=1 -d "$DATABASE_URL"; }
settings="SET synchronous_commit = off; SET maintenance_work_mem = '512MB';"

indexes_of_registrations=(
  'CREATE INDEX IF NOT EXISTS tax_registration_city_district_idx ON tax_registration (address_city(business_address), address_district(business_address))'
  'CREATE INDEX IF NOT EXISTS tax_registration_business_name_idx ON tax_registration (business_name)'
  'CREATE UNIQUE INDEX IF NOT EXISTS tax_registration_pkey ON tax_registration (ban)'
  'CREATE INDEX IF NOT EXISTS tax_registration_business_type_idx ON tax_registration (business_type)'
  'CREATE INDEX IF NOT EXISTS tax_registration_capital_amount_idx ON tax_registration (capital_amount)'
  'CREATE INDEX IF NOT EXISTS tax_registration_headquarters_ban_idx ON tax_registration (headquarters_ban)'
)
indexes_of_industries=(
  'CREATE UNIQUE INDEX IF NOT EXISTS business_industry_pkey ON business_industry (business_id, industry_code)'
  'CREATE INDEX IF NOT EXISTS business_industry_industry_code_idx ON business_industry (industry_code, business_id)'
)

# Each index is built by the first connection that gets its session lock. The lock is held to the session's end; after
# that, IF NOT EXISTS finds the index.
build() { # INDEX...
  local index
  for index; do
    echo "SELECT pg_try_advisory_lock(hashtext('$index')) AS mine \\gset"
    printf '%s\n' '\if :mine' "$index;" '\endif'
  done
}

registrations() {
  sql <<SQL
$settings
BEGIN;
TRUNCATE tax_registration;
\copy tax_registration (ban, headquarters_ban, business_name, business_address, capital_amount, business_setup_date, setup_date, business_type, is_use_invoice, content_hash) FROM PROGRAM 'cat "$TRANSFORMED"/*.registrations.tsv' WITH (FREEZE)
COMMIT;
$(build "${indexes_of_registrations[@]}" "${indexes_of_industries[@]}")
SQL
}

industries() {
  sql <<SQL
$settings
BEGIN;
TRUNCATE business_industry;
\copy business_industry FROM PROGRAM 'cat "$TRANSFORMED"/*.industries.tsv' WITH (FREEZE)
COMMIT;
$(build "${indexes_of_industries[@]}" "${indexes_of_registrations[@]}")
SQL
}

# The functions of the index on city and district, as the migration writes them.
sed -n '/^CREATE FUNCTION address_/,/^\$\$;/p' "${BASH_SOURCE[0]%/*}/../../Sources/Stages/LoadStage/Migrations/0007_analysis.sql" | sql

sql <<'SQL'
CREATE TABLE tax_registration (
  ban text COLLATE "C" NOT NULL, headquarters_ban text COLLATE "C", business_name text COLLATE "C" NOT NULL,
  business_address text COLLATE "C", capital_amount bigint, business_setup_date text COLLATE "C", setup_date date,
  business_type text COLLATE "C", is_use_invoice boolean, data_source_date date,
  created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now(),
  content_hash bigint NOT NULL) WITH (fillfactor = 90);
CREATE TABLE business_industry (
  business_id text COLLATE "C" NOT NULL, industry_code text COLLATE "C" NOT NULL, industry_name text COLLATE "C",
  "order" smallint NOT NULL);
SQL
registrations & first=$!
industries & second=$!
wait "$first"
wait "$second"
sql <<SQL
SET maintenance_work_mem = '512MB';
ALTER TABLE tax_registration ADD CONSTRAINT tax_registration_pkey PRIMARY KEY USING INDEX tax_registration_pkey;
ALTER TABLE business_industry ADD CONSTRAINT business_industry_pkey PRIMARY KEY USING INDEX business_industry_pkey;
ALTER TABLE business_industry ADD CONSTRAINT business_industry_business_id_fkey FOREIGN KEY (business_id)
  REFERENCES tax_registration (ban) ON DELETE CASCADE;
ANALYZE tax_registration, business_industry;
SQL
