-- protocols: simple extended prepared
\set x 2
\if :x = 1
  INSERT INTO result VALUES ('branches.if', 'one');
\elif :x = 2
  \if :x > 5
    INSERT INTO result VALUES ('branches.if', 'big');
  \else
    \if true
      INSERT INTO result VALUES ('branches.if', 'inner');
    \endif
  \endif
\elif true
  INSERT INTO result VALUES ('branches.if', 'late');
\else
  INSERT INTO result VALUES ('branches.if', 'else');
\endif
\if 0
INSERT INTO result VALUES ('branches.if', 'never');
\endif
\if 0.5
INSERT INTO result VALUES ('branches.if', 'half');
\endif
\if null
\else
INSERT INTO result VALUES ('branches.if', 'null');
\endif
\if false
\elif false
\elif :x <> 2
\else
\set x 5
\endif
INSERT INTO result VALUES ('branches.x', :x);
