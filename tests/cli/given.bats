# On somebody's own server: one for the whole file, with stray databases and roles of its own.
load helper

setup_file() {
    server_setup
    psql -qX -v ON_ERROR_STOP=1 <<SQL
CREATE ROLE joe LOGIN PASSWORD 'sesame' ;
CREATE ROLE reader LOGIN;
CREATE DATABASE joes OWNER joe;
CREATE TABLE public.items (mine int);
INSERT INTO public.items VALUES (1);
SQL
    # joe needs a password, whoever asks
    data=$(psql -qXAt -c 'SHOW data_directory')
    hba=$(psql -qXAt -c 'SHOW hba_file')
    [ -d "$data" ]
    { echo "local all joe scram-sha-256" && cat "$hba"; } >"$PLACE/hba"
    cat "$PLACE/hba" >"$hba"
    psql -qXAt -c 'SELECT pg_reload_conf()' >/dev/null
}

teardown_file() { server_teardown; }


setup() { common_setup; }
teardown() {
    PGPASSWORD='' "$PGDYNO" clean "$TINY" -d "$SERVER" -q >/dev/null 2>&1 || true
    common_teardown
}

sql() { psql -qXAt -v ON_ERROR_STOP=1 -d "${2:-$SERVER}" -c "$1"; }

@test "seed, seed again, run, clean: only our schema comes and goes" {
    run "$PGDYNO" seed "$TINY" -d "$SERVER"
    [ "$status" -eq 0 ]
    [ "$(sql 'SELECT count(*) FROM tiny.items')" -eq 2000 ]
    grep -Eq '^  items +id +distinct +2,000 +2,000$' <<< "$output"
    made=$(sql "SELECT oid FROM pg_class WHERE oid = 'tiny.items'::regclass")

    run "$PGDYNO" seed "$TINY" -d "$SERVER"
    [ "$status" -eq 0 ]
    [[ $output == *reus* ]]
    [ "$(sql "SELECT oid FROM pg_class WHERE oid = 'tiny.items'::regclass")" = "$made" ]

    run "$PGDYNO" run "$TINY" -d "$SERVER" --plots=none -o result
    [ "$status" -eq 0 ] || [ "$status" -eq 3 ]
    assert_complete result
    [ "$(sql "SELECT count(*) FROM pg_indexes WHERE schemaname = 'tiny'")" -eq 1 ]

    run "$PGDYNO" clean "$TINY" -d "$SERVER"
    [ "$status" -eq 0 ]
    [ "$(sql "SELECT count(*) FROM pg_namespace WHERE nspname = 'tiny'")" -eq 0 ]
    [ "$(sql 'SELECT mine FROM public.items')" -eq 1 ]
    run "$PGDYNO" clean "$TINY" -d "$SERVER"
    [ "$status" -eq 0 ]
    [[ $output == *"no schema tiny"* ]]
}

@test "PG variables name the server too, and so does a positional URI" {
    . "$FILE_PLACE/server"
    run "$PGDYNO" seed "$TINY"
    [ "$status" -eq 0 ]
    unset PGHOST PGPORT PGUSER PGDATABASE
    . <(sed 's/export PG/SRV_PG/; s/ PG/ SRV_PG/g' "$FILE_PLACE/server")
    run "$PGDYNO" clean "$TINY" "postgresql:///postgres?host=$SRV_PGHOST&port=$SRV_PGPORT&user=$SRV_PGUSER"
    [ "$status" -eq 0 ]
    [[ $output == *"dropped schema tiny"* ]]
}

@test "a schema that is not ours is never touched" {
    sql 'CREATE SCHEMA tiny; CREATE TABLE tiny.precious (x int)'
    run "$PGDYNO" run "$TINY" -d "$SERVER"
    [ "$status" -ne 0 ]
    [[ $output == *tiny* ]]
    run "$PGDYNO" clean "$TINY" -d "$SERVER"
    [ "$status" -ne 0 ]
    [ "$(sql "SELECT count(*) FROM pg_tables WHERE schemaname = 'tiny'")" -eq 1 ]
    sql 'DROP SCHEMA tiny CASCADE'
}

@test "check leaves nothing on the server" {
    run "$PGDYNO" check "$TINY" -d "$SERVER"
    [ "$status" -eq 0 ]
    [[ $output == *"accepts"* ]]
    [ "$(sql "SELECT count(*) FROM pg_namespace WHERE nspname ~ 'tiny|pgdyno'")" -eq 0 ]
}

@test "a wrong or missing password: status 1, where to put it" {
    for password in wrong ''; do
        PGPASSWORD=$password run "$PGDYNO" run "$TINY" -d "${SERVER/user=postgres/user=joe}"
        [ "$status" -eq 1 ]
        [[ $output == *pgpass* ]]
        [ -z "$(only_folder)" ]
    done
}

@test "no CREATE right: status 1, before anything is done" {
    run "$PGDYNO" run "$TINY" -d "${SERVER/user=postgres/user=reader}"
    [ "$status" -eq 1 ]
    [[ $output == *CREATE* ]]
}

@test "more connections than the server allows, overflow counted: status 1, before anything is done" {
    most=$(sql 'SHOW max_connections')
    run "$PGDYNO" run "$TINY" -d "$SERVER" --pool="$((most - 2))" -R 500
    [[ $output != *"allows $most"* ]]
    run "$PGDYNO" run "$TINY" -d "$SERVER" --pool="$((most - 2))" -R 500 --max-overflow=3
    [ "$status" -ne 0 ]
    [[ $output == *"needs $((most + 2)) connections at once (the largest pool with its overflow"*"allows $most"* ]]
    [ "$(sql "SELECT count(*) FROM pg_namespace WHERE nspname = 'tiny'")" -eq 1 ]
}

@test "a password never reaches a file, the output or the process list" {
    joes=${SERVER/user=postgres dbname=postgres/user=joe dbname=joes}
    start run "$TINY" -d "$joes password=sesame" --blocks=500 --plots=none
    until_true 60 said "trial 1 of"
    ! tr '\0' ' ' <"/proc/$PID/cmdline" | grep sesame
    grep -q 'password=\*\*\*' <(tr '\0' ' ' <"/proc/$PID/cmdline")
    kill -INT "$PID"
    ended 130
    said "can be seen by others"
    ! grep -r sesame out err pgdyno-results
    grep -q 'password=\*\*\*' pgdyno-results/latest/run.json
}

@test "Ctrl-C while seeding and while measuring: no index of a variant stays, and another run works" {
    start run "$TINY" -d "$SERVER" -s 1000 --plots=none
    until_true 60 said "seeding"
    kill -INT "$PID"
    ended 130
    start run "$TINY" -d "$SERVER" --blocks=500 --plots=none
    until_true 60 said "trial 2 of"
    kill -INT "$PID"
    ended 130
    [ "$(sql "SELECT count(*) FROM pg_indexes WHERE schemaname = 'tiny'")" -eq 1 ]
    run "$PGDYNO" run "$TINY" -d "$SERVER" --plots=none -o again
    [ "$status" -eq 0 ] || [ "$status" -eq 3 ]
}

@test "two runs in one schema: the second is told to wait" {
    start run "$TINY" -d "$SERVER" --blocks=500 --plots=none
    until_true 60 said "trial 1 of"
    run "$PGDYNO" run "$TINY" -d "$SERVER" --plots=none -o second
    kill -INT "$PID"
    ended 130
    [ "$status" -ne 0 ]
    [[ $output == *"another pgdyno"* ]]
}
