-- Rows for an export, sorted by BAN.
-- :row: what a row of the result has, from a row r. :columns: the columns of r, from a row s of :relation.
-- :conditions: which rows. :format: further options of COPY.
COPY (
  SELECT :row FROM (SELECT :columns FROM :relation AS s WHERE :conditions) AS r ORDER BY r.ban
) TO STDOUT (FORMAT csv, :format)
