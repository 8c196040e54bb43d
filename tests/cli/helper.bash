# Shared by the bats files. PGDYNO and PGDYNO_TEST_SERVER are the programs under test.

bats_require_minimum_version 1.5.0
TINY="$BATS_TEST_DIRNAME/tiny.yaml"

# A place that the server's account may enter too, when the tests run as root; nothing of the user's own is seen.
common_setup() {
    unset PGHOST PGHOSTADDR PGPORT PGUSER PGDATABASE PGSERVICE PGPASSWORD PGPASSFILE NO_COLOR
    PLACE=$(mktemp -d /tmp/pgdyno-cli-XXXXXX)
    chmod 755 "$PLACE"
    mkdir "$PLACE/tmp"
    chmod 1777 "$PLACE/tmp"
    export TMPDIR="$PLACE/tmp" HOME="$PLACE"
    cd "$PLACE"
}

common_teardown() {
    cd /
    rm -rf "$PLACE"
}

# For setup_file: a server for all of the file's tests. It lives as long as somebody holds the pipe open, so it goes with
# bats however that ends. FILE_PLACE is where it is, SERVER how to reach it.
server_setup() {
    common_setup
    mkfifo "$PLACE/hold"
    "$PGDYNO_TEST_SERVER" <"$PLACE/hold" >"$PLACE/server" 2>&1 3>&- &
    exec 9>"$PLACE/hold"
    export FILE_PLACE=$PLACE
    until_true 60 grep -q ready "$PLACE/server" || {
        cat "$PLACE/server"
        return 1
    }
    . "$PLACE/server"
    export SERVER="host=$PGHOST port=$PGPORT user=$PGUSER dbname=postgres"
}

server_teardown() {
    exec 9>&-
    until_true 30 server_gone || true
    rm -rf "$FILE_PLACE"
}

server_gone() { [ -z "$(ls -A "$FILE_PLACE/tmp")" ]; }

# until_true SECONDS COMMAND…: poll, with a bound.
until_true() {
    local tries=$(($1 * 20))
    shift
    while ! "$@"; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 1
        sleep 0.05
    done
}

# No server runs in our place and no folder of one is left.
nothing_left() {
    [ -z "$(ls -A "$TMPDIR")" ] && ! processes_in "$TMPDIR"
}

processes_in() {
    local file
    for file in /proc/[0-9]*/cmdline; do
        if { tr '\0' ' ' <"$file"; } 2>/dev/null | grep -q "postgres.*$1"; then
            return 0
        fi
    done
    return 1
}

# start ARGUMENTS…: pgdyno in the background; its process id is in PID, its output in out and err.
start() {
    "$PGDYNO" "$@" >out 2>err 3>&- &
    PID=$!
}

# ended STATUS: what `start` began ends, and so. Its own words are shown, for when it does not.
ended() {
    local got=0
    wait "$PID" || got=$?
    PID=
    cat err
    echo "status $got"
    [ "$got" -eq "$1" ]
}

said() {
    grep -q -- "$1" err
}

only_folder() {
    find pgdyno-results -mindepth 1 -maxdepth 1 -type d 2>/dev/null
}

# The files of a finished run that do not depend on gnuplot.
assert_complete() {
    local file
    for file in run.json trials.jsonl summary.csv timeseries.csv compare.csv report.md; do
        [ -s "$1/$file" ] || {
            echo "missing or empty: $1/$file"
            ls -R "$1"
            return 1
        }
    done
    ls "$1"/histograms/*.hgrm "$1"/histograms/*.hlog "$1"/plans/* >/dev/null
}
