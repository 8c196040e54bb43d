\gset
\set x 1
\aset
SELECT 1 AS one \gset a_ b_
\gset
