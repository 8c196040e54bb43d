-- protocols: simple extended prepared
SELECT true AS flag, '10' AS ten, '9' AS nine, 1.50 AS n, 'null' AS nil, 'no' AS never \gset
\if :flag
INSERT INTO result VALUES ('typed.f', 'true');
\endif
\if :ten > :nine
INSERT INTO result VALUES ('typed.c', 'numbers');
\else
INSERT INTO result VALUES ('typed.c', 'texts');
\endif
\set m :n * 2
INSERT INTO result VALUES ('typed.m', :m);
\if :nil is null
INSERT INTO result VALUES ('typed.n', 'null');
\endif
\if :never
INSERT INTO result VALUES ('typed.never', 'was');
\endif
INSERT INTO result VALUES ('typed.v', :n);
