-- The rollback in force. It is in force until another whole snapshot is published: verification, corrections and
-- samples do not end it.
SELECT id FROM publication
WHERE action = 'rollback' AND id > (
  SELECT coalesce(max(p.id), 0) FROM publication p WHERE p.whole AND p.snapshot <> (
    SELECT l.snapshot FROM publication l WHERE l.whole ORDER BY l.id DESC LIMIT 1))
ORDER BY id DESC LIMIT 1
