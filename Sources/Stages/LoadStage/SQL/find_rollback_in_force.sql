-- The rollback that is in force: it is as long as its snapshot is published, whatever is verified or corrected in it,
-- and a sample does not end it.
SELECT id FROM publication
WHERE action = 'rollback' AND id > (
  SELECT coalesce(max(p.id), 0) FROM publication p WHERE p.whole AND p.snapshot <> (
    SELECT l.snapshot FROM publication l WHERE l.whole ORDER BY l.id DESC LIMIT 1))
ORDER BY id DESC LIMIT 1
