-- protocols: simple extended prepared
\set h hash_fnv1a(10, 5432)
\set p permute(7, 10, 5432)
\set c case when 1 > 2 then 4 else 5 end
\set r random(4, 4)
\set m greatest(1, 2.5)
\set i int(5.4 + 3.8)
INSERT INTO result VALUES ('functions.h', :h), ('functions.p', :p), ('functions.c', :c), ('functions.r', :r), ('functions.m', :m), ('functions.i', :i);
