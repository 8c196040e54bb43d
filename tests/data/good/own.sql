-- Every kind of command but \; and what is in quotes, which need the simple protocol.
\set x :factor * \
  random(1, :scale)
\set factor :factor + 1
SELECT :x::int AS a, :client_id::int AS me \gset p_
\if :p_a > 1
  UPDATE t SET b = :factor WHERE c = :nobody; -- and :nobody is left alone
\elif :p_me = 0
  \sleep :x ms
\else
  SELECT 1 AS one \aset
\endif
\startpipeline
SELECT :one;
\syncpipeline
SELECT a[1:2] FROM t WHERE d = :p_a;
\endpipeline
