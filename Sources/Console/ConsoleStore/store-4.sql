-- Version 4: names of failed attempts are not stored, since a user may type a password into the name field.

DELETE FROM console.login_failure;
COMMENT ON COLUMN console.login_failure.name IS 'Sixteen bits of the SHA-256 of the name that was tried, in hexadecimal';
