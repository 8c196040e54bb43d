\syncpipeline
\startpipeline
\startpipeline
SELECT 1 AS one \gset
\endpipeline
\endpipeline
\startpipeline
SELECT 2;
