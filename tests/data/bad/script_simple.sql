\set x 1
\startpipeline
SELECT ':x';
\endpipeline
