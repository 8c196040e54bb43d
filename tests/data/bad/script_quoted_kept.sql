-- What \gset keeps under a prefix is no more replaced inside quotes than what \set makes.
SELECT 3 AS b \gset p_
SELECT 4 AS c \gset
SELECT 'it is :p_b', '12:c', -- and :p_b
       :p_b;
