\elif 1
\else
\endif
\if 1 > 0
SELECT 1;
\else
\elif 0
\else
\endif now
\if
\if 1 > 0
SELECT 2;
