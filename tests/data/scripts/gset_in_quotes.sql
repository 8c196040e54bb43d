-- protocols: simple
SELECT 'a b' AS t, 'x' AS u, '' AS nothing \gset
\if true
INSERT INTO result VALUES ('gset_in_quotes.t', '<:t>' || 'u: :u' || ':nobody'), ('gset_in_quotes.empty', '<:nothing>');
INSERT INTO result VALUES ('gset_in_quotes.:t', ':u');
\endif
