-- A comment in front, and é before a place: columns are characters.
SELECT 'é'; \slep 10 ms
\set
\set 1x 5
\set x
\shell rm -rf /
\setshell x date
\sleep 5 h
\sleep soon
\sleep 1 ms more
\nothing_like_it
SELECT 1;
