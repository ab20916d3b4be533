-- Counts the staged businesses that lose a value of the registry, by column.
-- :counts: an expression for each column.
SELECT :counts FROM incoming_registration n JOIN tax_registration r ON r.ban = n.ban
