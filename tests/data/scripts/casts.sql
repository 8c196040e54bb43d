-- protocols: simple extended prepared
\set i 2
INSERT INTO result VALUES ('casts.c', :i::int::text || '3'::text), ('casts.t', '12:34:56'::time::text);
INSERT INTO result VALUES ('casts.a', (ARRAY[1, 2, 3])[1:2]::text), ('casts.s', (ARRAY[1, 2, 3])[:i:3]::text);
