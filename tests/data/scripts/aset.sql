-- protocols: simple extended prepared
SELECT x AS v FROM generate_series(1, 3) AS x \aset
INSERT INTO result VALUES ('aset.a', :v);
SELECT 9 AS v WHERE false \aset
INSERT INTO result VALUES ('aset.b', :v);
