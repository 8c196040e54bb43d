-- protocols: simple extended prepared
CREATE OR REPLACE FUNCTION twice(x int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT CASE WHEN true THEN 2 * x END; END;
INSERT INTO result VALUES ('atomic.f', twice(21));
