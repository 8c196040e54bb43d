-- protocols: simple
SELECT 1 AS one \; SELECT 2 AS two \; SELECT x AS three FROM generate_series(1, 3) AS x \aset
INSERT INTO result VALUES ('combined.c', :one + :two + :three);
SELECT 4 AS one \; SELECT 5 AS five \gset z_
INSERT INTO result VALUES ('combined.d', :one), ('combined.e', :z_five);
SELECT '\;' AS x\;INSERT INTO result VALUES ('combined.g', 'two')\; INSERT INTO result VALUES ('combined.h', '1'\:\:text);
