-- Version 2: when a token was used last, and an audit log whose rows cannot be changed or deleted.

ALTER TABLE console.session ADD COLUMN last_used_at timestamptz;
COMMENT ON COLUMN console.session.last_used_at IS 'When a token for the API was used last, to the minute; NULL for browsers';

CREATE FUNCTION console.refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'rows of console.audit are neither changed nor deleted' USING ERRCODE = 'insufficient_privilege';
END $$;
COMMENT ON FUNCTION console.refuse_audit_change() IS 'Keeps the rows of console.audit as they are';
CREATE TRIGGER audit_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON console.audit
  FOR EACH STATEMENT EXECUTE FUNCTION console.refuse_audit_change();
