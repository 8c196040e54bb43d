-- protocols: simple
\set n 1
INSERT INTO result_:n SELECT 'a:n';
INSERT INTO result VALUES ('names.name', (SELECT max(v) FROM "result_:n"));
