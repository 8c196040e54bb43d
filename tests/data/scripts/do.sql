-- protocols: simple extended prepared
DO $$ BEGIN INSERT INTO result VALUES ('do.do', 'a; b'); END $$;
