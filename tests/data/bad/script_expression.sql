\set a 1 + \
  2 * :b
\set b random(1, 100 * :scael)
\set c rand(1, 2)
\set d 5 +
\if :e = 1
SELECT :a;
\endif
\set e 2
