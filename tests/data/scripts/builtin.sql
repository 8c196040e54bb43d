-- protocols: simple extended prepared
INSERT INTO result VALUES ('builtin.scale', :scale), ('builtin.client', :client_id), ('builtin.seed', :random_seed);
\set x :scale * 10 + :client_id
INSERT INTO result VALUES ('builtin.x', :x);
