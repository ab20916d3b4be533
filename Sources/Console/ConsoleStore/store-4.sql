-- Version 4: no names of failed attempts, since somebody may type a password into the field for the name.

DELETE FROM console.login_failure;
COMMENT ON COLUMN console.login_failure.name IS 'Sixteen bits of the SHA-256 of the name that was tried, in hexadecimal';
