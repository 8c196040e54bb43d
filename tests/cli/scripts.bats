# -f and -b: pgbench scripts on the private server's tables, on a workload's, and on somebody's own.
load helper

setup_file() {
    server_setup
    pgbench -i -q -s 2 "$SERVER" 2>/dev/null
    psql -qX -d "$SERVER" -c "CREATE TABLE mine (x int, y text); INSERT INTO pgbench_history (delta) VALUES (0)"
}

teardown_file() { server_teardown; }

setup() { common_setup; }
teardown() { common_teardown; }

sql() { psql -qXAt -v ON_ERROR_STOP=1 -d "$SERVER" -c "$1"; }

SHORT="-T 0.3 --warmup=100ms --blocks=1 --pool=2 --plots=none"

@test "the built-in scripts are listed, and found by the begin of their names" {
    run "$PGDYNO" run -b list
    [ "$status" -eq 0 ]
    [[ $output == *tpcb-like*simple-update*select-only* ]]
    run "$PGDYNO" run -b s
    [ "$status" -eq 1 ]
    [[ $output == *"more than one built-in script begins with \`s\`"* ]]
    run "$PGDYNO" run -b nothing
    [ "$status" -eq 1 ]
    [[ $output == *"no built-in script \`nothing\`; there are tpcb-like"* ]]
}

@test "mistakes in scripts are shown all at once, in the scripts" {
    printf 'SELECT 1 \\gset\n\\gset\n\\slep 5\n' >one.sql
    printf '\\if 1\n' >two.sql
    run "$PGDYNO" run -f one.sql@2 -f two.sql -f missing.sql
    [ "$status" -eq 1 ]
    [[ $output == *"one.sql:2:1: "*"one.sql:3:1: "*"did you mean"*"two.sql:1:1: "* ]]
    [[ $output == *"cannot open missing.sql"* ]]
    [ -z "$(ls -d pgdyno-results 2>/dev/null)" ]
}

@test "a dry run and a check on the private server: pgbench's tables at the scale asked for" {
    run "$PGDYNO" run -b tpcb -b select@3 -s 2 --dry-run
    [ "$status" -eq 0 ]
    [[ $output == *"tpcb_like "*" 25.0 %"*"select_only "*" 75.0 %"*"200,022"*"a private one"* ]]
    printf '\\set aid random(1, 100000 * :scale)\nSELECT abalance FROM pgbench_accounts WHERE aid = :aid;\n' >mine.sql
    run "$PGDYNO" check -f mine.sql
    [ "$status" -eq 0 ]
    [[ $output == *"accepts"*"Index Scan pgbench_accounts using pgbench_accounts_pkey"* ]]
}

@test "a run on the private server; the sums are checked" {
    run "$PGDYNO" run -b tpcb-like $SHORT -o result
    [ "$status" -eq 0 ] || [ "$status" -eq 3 ]
    grep -q '"tpcb_like"\|,tpcb_like,' result/summary.csv
    ! grep -q 'does not hold' result/report.md
}

@test "scripts replace the transactions of a workload, and see its params" {
    printf '\\set n 10 * :factor\nSELECT count(*) FROM items WHERE id <= :n;\n' >count.sql
    run "$PGDYNO" run "$TINY" -f count.sql -D factor=2 $SHORT -o result
    [ "$status" -eq 0 ] || [ "$status" -eq 3 ]
    [ "$(cut -d, -f10 result/summary.csv | sort -u | grep -c count)" -eq 1 ]
    [ "$(cut -d, -f10 result/summary.csv | sort -u | wc -l)" -eq 2 ]
}

@test "on somebody's tables: used as they are, said so, and nothing of ours is left" {
    before=$(sql 'SELECT count(*) FROM pgbench_history')
    run "$PGDYNO" run -b tpcb-like -d "$SERVER" $SHORT
    [ "$status" -eq 0 ] || [ "$status" -eq 3 ]
    [[ $output == *"as they are: what they change there stays changed, and pgbench_history grows"* ]]
    [ "$(sql 'SELECT count(*) FROM pgbench_history')" -gt "$before" ]
    [ "$(sql 'SELECT count(*) FROM pgbench_history WHERE tid IS NULL')" -eq 1 ]
    [ "$(sql 'SELECT (SELECT sum(abalance) FROM pgbench_accounts) = (SELECT sum(delta) FROM pgbench_history)')" = t ]
    [ "$(sql 'SELECT (SELECT sum(bbalance) FROM pgbench_branches) = (SELECT sum(tbalance) FROM pgbench_tellers)')" = t ]
    [ "$(sql 'SELECT count(DISTINCT bid) FROM pgbench_history')" -eq 2 ]
    [ "$(sql "SELECT count(*) FROM pg_namespace WHERE nspname IN ('scripts', 'pgbench')")" -eq 0 ]
}

@test "the scale is that of the tables, for scripts of one's own too, unless -s says it" {
    echo "INSERT INTO mine VALUES (:scale, 'counted');" >scale.sql
    run "$PGDYNO" run -f scale.sql -d "$SERVER" $SHORT
    echo "INSERT INTO mine VALUES (:scale, 'said');" >scale.sql
    run "$PGDYNO" run -f scale.sql -s 7 "$SERVER" $SHORT
    [ "$(sql "SELECT string_agg(DISTINCT x || y, ',' ORDER BY x || y) FROM mine")" = "2counted,7said" ]
    run "$PGDYNO" run -b tpcb -s 7 -d "$SERVER" $SHORT
    [[ $output == *"--scale=7 is not what the tables have: pgbench_branches has 2 rows"* ]]
    [ "$(sql 'SELECT max(bid) FROM pgbench_history')" -eq 2 ]
}

@test "a statement that the server refuses is shown with its place, before anything runs" {
    printf '\\set x 1\nSELECT :x;\nSELECT * FROM no_such_table;\n' >bad.sql
    run "$PGDYNO" run -f bad.sql -d "$SERVER" $SHORT
    [ "$status" -eq 1 ]
    [[ $output == *"bad.sql:3"*"no_such_table"* ]]
    [ -z "$(ls -d pgdyno-results 2>/dev/null)" ]
}

@test "a database without pgbench's tables: status 1, and who makes them" {
    run "$PGDYNO" run -b tpcb -d "${SERVER/dbname=postgres/dbname=template1}" $SHORT
    [ "$status" -eq 1 ]
    [[ $output == *"tpcb-like:6"*"pgbench_accounts"*"pgbench -i"* ]]
}

@test "a script from standard input" {
    run "$PGDYNO" check -f - -d "$SERVER" <<<'SELECT 1;'
    [ "$status" -eq 0 ]
    [[ $output == *accepts* ]]
}
