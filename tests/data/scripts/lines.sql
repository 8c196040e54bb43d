-- protocols: simple extended prepared
-- a comment; with a semicolon

\set x \
  1 + \
  2
/* another; /* nested */ one */ INSERT INTO result
  -- in between; here
  VALUES ('lines.lines',
  :x /* and here; */); INSERT INTO result VALUES ('lines.same', :x); INSERT INTO result
VALUES ('lines.last', ':' || :x::int)
