-- The names of statuses give way to their numbers.
ALTER TABLE users DROP CONSTRAINT known,
  ALTER status TYPE smallint USING CASE status WHEN 'active' THEN 1 WHEN 'invited' THEN 2
    WHEN 'suspended' THEN 3 WHEN 'left' THEN 4 ELSE 5 END,
  ADD CONSTRAINT known FOREIGN KEY (status) REFERENCES statuses (id);
ALTER TABLE users RENAME status TO status_id;
ANALYZE users;
