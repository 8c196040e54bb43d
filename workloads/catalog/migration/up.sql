-- All at once, as a migration tool runs it: in one transaction, whose first statement locks readers and writers out
-- until the last one is done.
ALTER TABLE users ADD COLUMN country text;
UPDATE users SET country = CASE split_part(phone, ' ', 1)
  WHEN '+49' THEN 'DE' WHEN '+44' THEN 'GB' WHEN '+33' THEN 'FR' WHEN '+31' THEN 'NL' ELSE 'IS' END;
ALTER TABLE users ALTER country SET NOT NULL;
CREATE INDEX users_country ON users (country, created_at);
ANALYZE users;
