-- protocols: simple extended prepared
INSERT INTO result VALUES ('defined.d', :given);
\set given :given + 1
INSERT INTO result VALUES ('defined.d', :given);
\set half :fraction * 2
INSERT INTO result VALUES ('defined.h', :half);
\if :yes
INSERT INTO result VALUES ('defined.y', 'yes');
\endif
