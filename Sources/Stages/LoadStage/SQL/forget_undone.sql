-- A rollback undoes the publications after its target. A business that came with them was never seen: it is not kept as
-- removed, and will be new if it comes again.
-- $1: the snapshot to which the registry is rolled back.
DELETE FROM removed_registration WHERE created_at > (SELECT max(published_at) FROM publication WHERE snapshot = $1)
