CREATE TABLE things (id int, name text, kind text, score float8, token text, born date, later text, previous int);
