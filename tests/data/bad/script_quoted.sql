\set x 1
SELECT ':x', "a:x", $$ :x $$, 'a:y'; -- :x is nothing here
SELECT 1 \; SELECT 2;
COPY t FROM STDIN;
