-- protocols: simple extended prepared
CREATE TEMP TABLE IF NOT EXISTS scratch (v int);
INSERT INTO scratch VALUES (1);
INSERT INTO result VALUES ('temporary.t', (SELECT max(v) FROM scratch));
