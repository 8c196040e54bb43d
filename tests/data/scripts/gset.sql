-- protocols: simple extended prepared
SELECT 5 AS five, 'text' AS word \gset
SELECT 6 AS six; \gset p_
INSERT INTO result VALUES ('gset.g', :five), ('gset.p', :p_six);
\set sum :five + :p_six * 2
INSERT INTO result VALUES ('gset.s', :sum);
SELECT 7 AS five, :sum::int AS sum \gset
INSERT INTO result VALUES ('gset.again', :five), ('gset.sum', :sum);
