-- protocols: simple extended prepared
\set i 7
\set d 1.0 / 3
\set w 4.0
\set t 1 < 2
\set big 9223372036854775807
\set small -9223372036854775808
\set tiny 1e-20
INSERT INTO result VALUES ('types.i', :i), ('types.d', :d), ('types.w', :w), ('types.big', :big), ('types.small', :small), ('types.tiny', :tiny);
INSERT INTO result VALUES ('types.t', :t);
