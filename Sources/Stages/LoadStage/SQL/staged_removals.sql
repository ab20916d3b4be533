-- Change-feed rows of the removed businesses.
-- $1: the job run. $2: the date of the rows. :before: image of r.
SELECT $1::bigint, $2::date, r.ban, 'removed', g.reason, :before
FROM incoming_removal g JOIN tax_registration r ON r.ban = g.ban WHERE NOT g.is_repair
