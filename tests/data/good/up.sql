ALTER TABLE things ADD COLUMN moved boolean;
UPDATE things SET moved = false;
