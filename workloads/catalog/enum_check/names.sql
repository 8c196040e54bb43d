-- Back from numbers to names.
ALTER TABLE users RENAME status_id TO status;
ALTER TABLE users DROP CONSTRAINT known,
  ALTER status TYPE text USING CASE status WHEN 1 THEN 'active' WHEN 2 THEN 'invited'
    WHEN 3 THEN 'suspended' WHEN 4 THEN 'left' ELSE 'deleted' END,
  ADD CONSTRAINT known CHECK (status IN ('active', 'invited', 'suspended', 'left', 'deleted'));
