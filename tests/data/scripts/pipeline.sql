-- protocols: extended prepared
\set x 3
\startpipeline
INSERT INTO result VALUES ('pipeline.p', :x);
\set x :x + 1
INSERT INTO result VALUES ('pipeline.p', :x);
\if :x > 3
INSERT INTO result VALUES ('pipeline.if', :x);
\endif
\endpipeline
INSERT INTO result VALUES ('pipeline.p', 'after');
\startpipeline
BEGIN;
INSERT INTO result VALUES ('pipeline.in block', :x);
END;
\endpipeline
