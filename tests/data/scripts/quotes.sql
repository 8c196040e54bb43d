-- protocols: simple extended prepared
INSERT INTO result VALUES ('quotes.q', 'a;b''c'), ('quotes.e', E'it\'s;'), ('quotes.d', $$a;$b$c$$), ('quotes.t', $x$;$$;$x$), ('quotes.u', U&'\0041;');
INSERT INTO result SELECT 'quotes.i', "a;b" FROM (SELECT 5 AS "a;b") AS s;
INSERT INTO result VALUES ('quotes.backslash', 'a\b'), ('quotes.b', 'one\'), ('quotes.two', 'c');
