-- protocols: simple
\set w 4.0
\set n null
\set t false
\set k 3
INSERT INTO result VALUES ('verbatim.w', 1 / :w), ('verbatim.n', :n::int::text), ('verbatim.t', (:t OR true)::text);
INSERT INTO result VALUES ('verbatim.k', 'in :k quotes, not :nobody, not ::k, not :1');
INSERT INTO resul:t VALUES (1); -- a name; and :k in a comment
INSERT INTO result VALUES ('verbatim.slice', (ARRAY[1, 2, 3])[1:2]), ('verbatim.time', '12:34:56'::time), ('verbatim.json', '{"a":k}');
