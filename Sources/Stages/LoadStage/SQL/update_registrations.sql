-- Updates the businesses that are staged.
-- $1: the snapshot's source date. :changes: the columns to write, as SET items.
UPDATE tax_registration r SET :changes, data_source_date = $1::date, updated_at = now()
FROM incoming_registration n WHERE r.ban = n.ban
