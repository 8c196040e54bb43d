-- protocols: simple extended prepared
\set ms 1
\sleep :ms ms
\sleep 100 us
\sleep 1ms
\sleep 0
INSERT INTO result VALUES ('sleep.s', 'slept');
