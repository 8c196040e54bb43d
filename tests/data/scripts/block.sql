-- protocols: simple extended prepared
BEGIN;
INSERT INTO result VALUES ('block.b', 'kept');
SAVEPOINT s;
INSERT INTO result VALUES ('block.b', 'lost');
ROLLBACK TO SAVEPOINT s;
END;
BEGIN; INSERT INTO result VALUES ('block.b', 'gone'); ROLLBACK;
