-- What the console's search needs besides the registry's own indexes. Without it the search gives the same results, but
-- slower. The statements run one at a time: CREATE INDEX CONCURRENTLY is not allowed in a transaction. The pending lists of
-- the bigrams' indexes are short (gin_pending_list_limit, in kB): each search reads the whole list, which a load fills.

-- Full-width characters count as half-width, 台 as 臺, and a to z as A to Z, so that 5段 finds ５段. RegistrationText in
-- Swift does the same: change both together, and rename the indexes.
CREATE OR REPLACE FUNCTION registry_bigrams(text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT ARRAY(
    SELECT pg_catalog.substr(folded.value, place, 2)
    FROM pg_catalog.upper(pg_catalog.replace(pg_catalog.normalize($1, 'NFKC'), '台', '臺') COLLATE "C") AS folded (value),
      pg_catalog.generate_series(1, pg_catalog.length(folded.value) - 1) AS place)
$$;

COMMENT ON FUNCTION registry_bigrams(text) IS
  'Each two characters of a text that follow each other, without regard to width, 台 or 臺, and the case of a to z: what the console searches names and addresses by';

CREATE INDEX CONCURRENTLY tax_registration_business_name_bigrams_idx
  ON tax_registration USING gin (registry_bigrams(business_name))
  WITH (gin_pending_list_limit = 256);

COMMENT ON INDEX tax_registration_business_name_bigrams_idx IS 'The console: names that contain a text';

CREATE INDEX CONCURRENTLY tax_registration_business_address_bigrams_idx
  ON tax_registration USING gin (registry_bigrams(business_address))
  WITH (gin_pending_list_limit = 256);

COMMENT ON INDEX tax_registration_business_address_bigrams_idx IS 'The console: addresses that contain a text';

CREATE INDEX CONCURRENTLY tax_registration_capital_order_idx
  ON tax_registration (coalesce(capital_amount, -1), ban);

COMMENT ON INDEX tax_registration_capital_order_idx IS 'The console: in the order of their capital, page by page';

CREATE INDEX CONCURRENTLY tax_registration_setup_order_idx
  ON tax_registration (coalesce(setup_date, '-infinity'), ban);

COMMENT ON INDEX tax_registration_setup_order_idx IS 'The console: in the order of their set-up date, page by page';

CREATE INDEX CONCURRENTLY tax_registration_invoice_unknown_idx ON tax_registration (ban) WHERE is_use_invoice IS NULL;

COMMENT ON INDEX tax_registration_invoice_unknown_idx IS 'The console: the few of which nobody knows whether they use invoices';

CREATE INDEX CONCURRENTLY tax_registration_type_capital_idx
  ON tax_registration (business_type, coalesce(capital_amount, -1), ban);

COMMENT ON INDEX tax_registration_type_capital_idx IS
  'The console: a kind of organisation in the order of capital, for these depend on each other: no sole proprietor is among the thousands that have most';
