# The main job on a private server.
load helper

setup() { common_setup; }
teardown() {
    [ -z "${PID:-}" ] || kill -KILL "$PID" 2>/dev/null || true
    until_true 20 nothing_left || true
    common_teardown
}

@test "run: table, every file, the link, nothing left" {
    run --separate-stderr "$PGDYNO" run "$TINY"
    echo "$output $stderr"
    [ "$status" -eq 0 ] || [ "$status" -eq 3 ]
    folder=$(only_folder)
    [[ $folder =~ ^pgdyno-results/tiny-[0-9]{8}T[0-9]{6}$ ]]
    [ "$(readlink pgdyno-results/latest)" = "$(basename "$folder")" ]
    assert_complete "$folder"
    [[ $output == *"tx/s"*by_kind*on_kind* ]]
    [ "$(grep -c "Report: $folder/report.md" <<<"$output")" -eq 1 ]
    [[ $stderr == *"seeding items: 2,000 rows"*"trial 4 of 4"* ]]
    [[ $stderr$output != *$'\033'* ]]
    grep -q '"finished"' "$folder/run.json"
    [ "$(wc -l <"$folder/trials.jsonl")" -eq 4 ]
    nothing_left
}

@test "run: what would go to a closed standard error goes into no file" {
    run bash -c '"$0" run "$1" --plots=none <&- 2>&-' "$PGDYNO" "$TINY"
    [ "$status" -eq 0 ] || [ "$status" -eq 3 ]
    assert_complete "$(only_folder)"
    [ "$(wc -l <"$(only_folder)/trials.jsonl")" -eq 4 ]
    nothing_left
}

@test "run -o: exactly that folder, and never over another run" {
    run "$PGDYNO" run "$TINY" -o here/there --plots=none -q
    [ "$status" -eq 0 ] || [ "$status" -eq 3 ]
    assert_complete here/there
    [ ! -e pgdyno-results ]
    before=$(cat here/there/run.json)
    run "$PGDYNO" run "$TINY" -o here/there
    [ "$status" -eq 1 ]
    [[ $output == *"here/there"* ]]
    [ "$before" = "$(cat here/there/run.json)" ]
    nothing_left
}

@test "an unwritable place is found before the server is started" {
    run "$PGDYNO" run "$TINY" -o /proc/nope
    [ "$status" -eq 1 ]
    [[ $output == *"/proc/nope"* ]]
    [[ $output != *"starting the server"* ]]
    touch pgdyno-results
    run "$PGDYNO" run "$TINY"
    [ "$status" -eq 1 ]
    [[ $output == *"pgdyno-results"* ]]
    [[ $output != *"starting the server"* ]]
}

@test "report makes the same again, with no server and no PATH" {
    "$PGDYNO" run "$TINY" -o result --plots=none -q || [ $? -eq 3 ]
    cp -r result copy
    rm copy/*.csv copy/report.md copy/histograms/*.hgrm
    mkdir bin
    PATH="$PLACE/bin" run "$PGDYNO" report copy --plots=none
    [ "$status" -eq 0 ]
    [[ $output == *by_kind* ]]
    for file in summary.csv timeseries.csv compare.csv; do
        cmp "result/$file" "copy/$file"
    done
    ls copy/histograms/*.hgrm
}

@test "a full disk: the table first, then the error; the other files are written" {
    [ -w /dev/full ] || skip "no /dev/full"
    "$PGDYNO" run "$TINY" -o result --plots=none -q || [ $? -eq 3 ]
    rm result/*.csv
    ln -s /dev/full result/summary.csv
    run "$PGDYNO" report result --plots=none
    [ "$status" -eq 2 ]
    [[ $output == *by_kind*"error: result/summary.csv: "*"No space left on device"* ]]
    [ -s result/timeseries.csv ]
    [ -s result/compare.csv ]
}

@test "without gnuplot, or with one that fails, the run succeeds and says what is missing" {
    mkdir bin
    ln -sf /usr/bin/* bin/
    rm -f bin/gnuplot
    PATH="$PLACE/bin" run "$PGDYNO" run "$TINY" -o result
    [ "$status" -eq 0 ] || [ "$status" -eq 3 ]
    [[ $output == *gnuplot* ]]
    assert_complete result
    printf '#!/bin/sh\necho no terminal today >&2\nexit 1\n' >bin/gnuplot
    chmod +x bin/gnuplot
    PATH="$PLACE/bin" run "$PGDYNO" report result
    [ "$status" -eq 0 ]
    [[ $output == *gnuplot* ]]
}

@test "check shows plans of filled tables and measures nothing" {
    run --separate-stderr "$PGDYNO" check "$TINY"
    [ "$status" -eq 0 ]
    [[ $output == *"trials       4"* ]]
    [[ $output == *"on_kind: "*"Index"*"on_kind"* ]]
    [ ! -e pgdyno-results ]
    nothing_left
}

@test "SQL that the server refuses: status 1, the statement shown, before seeding" {
    sed 's/FROM items WHERE/FROM itmes WHERE/' "$TINY" >bad.yaml
    run "$PGDYNO" run bad.yaml
    [ "$status" -eq 1 ]
    [[ $output == *itmes* ]]
    [[ $output == *"bad.yaml:"* ]]
    [[ $output != *seeding* ]]
    [ -z "$(only_folder)" ]
    nothing_left
}

@test "-P prints pgbench's line" {
    run --separate-stderr "$PGDYNO" run "$TINY" -T 2 --blocks=1 --variant=none -P 1 -q --plots=none
    line=$(grep -m1 '^progress: 1\.' <<<"$stderr")
    [[ $line =~ ^progress:\ [0-9.]+\ s,\ [0-9.]+\ tps,\ lat\ [0-9.]+\ ms\ stddev\ [0-9.]+,\ 0\ failed,\ 0\ retried,\ 0\ retries\ \|\ p95\ [0-9.]+\ p99\ [0-9.]+\ wait\ p99\ [0-9.]+\ pool\ [0-9]/2$ ]]
    [[ $stderr != *seeding* ]]
}

@test "on a terminal: one live line, cleared; colour unless NO_COLOR" {
    command -v script >/dev/null || skip "no script(1)"
    export TERM=xterm
    script -qec "stty cols 60; $PGDYNO run $TINY --plots=none -o a" /dev/null </dev/null >screen || true
    grep -q $'\r.*seeding' screen
    grep -q $'\033\[K' screen
    # what stays on each line once \r and erasing have had their say
    sed 's/.*\x1b\[K//; s/\r$//' screen >left
    ! grep -q '^seeding\|^trial\|^rehearsing' left
    NO_COLOR=1 script -qec "$PGDYNO run $TINY --plots=none -o b" /dev/null </dev/null >screen || true
    ! grep -q $'\033\[[0-9;]*m' screen
}

@test "Ctrl-C while measuring: what was measured is reported, status 130" {
    start run "$TINY" --blocks=500 --plots=none
    until_true 60 said "trial 3 of"
    kill -INT "$PID"
    ended 130
    folder=$(only_folder)
    assert_complete "$folder"
    grep -q '"stopped"' "$folder/run.json"
    grep -q by_kind out
    run "$PGDYNO" report "$folder" --plots=none
    [ "$status" -eq 0 ]
    nothing_left
}

@test "SIGTERM and a closed terminal while measuring: status 143 and 129" {
    start run "$TINY" --blocks=500 --plots=none
    until_true 60 said "trial 1 of"
    kill -TERM "$PID"
    ended 143
    nothing_left
    start run "$TINY" --blocks=500 --plots=none
    until_true 60 said "trial 1 of"
    kill -HUP "$PID"
    ended 129
    nothing_left
}

@test "the server goes for good while measuring: status 2, what was measured is reported" {
    start run "$TINY" --blocks=500 --plots=none
    until_true 60 said "trial 2 of"
    kill -KILL "$(head -n 1 "$TMPDIR"/*/data/postmaster.pid)"
    ended 2
    said "server"
    assert_complete "$(only_folder)"
    grep -q by_kind out
    until_true 20 nothing_left
}

@test "Ctrl-C in each phase before: status 130, no folder, no server" {
    for phase in "starting the server" "rehearsing" "seeding"; do
        start run "$TINY" -s 2000 --plots=none
        until_true 60 said "$phase"
        kill -INT "$PID"
        ended 130
        said "before anything was measured"
        [ -z "$(only_folder)" ]
        until_true 20 nothing_left
    done
}

@test "Ctrl-C twice: at once, and the server goes too" {
    start run "$TINY" -D nap=30 -T 60 --warmup=0 -P 1 --plots=none
    until_true 60 said "^progress:"
    kill -INT "$PID"
    until_true 20 said "Once more"
    kill -INT "$PID"
    ended 130
    until_true 20 nothing_left
}

@test "SIGKILL leaves no server and no folder of one" {
    start run "$TINY" --blocks=500 --plots=none
    until_true 60 said "trial 1 of"
    kill -KILL "$PID"
    ended 137
    until_true 20 nothing_left
    run "$PGDYNO" report "$(only_folder)" --plots=none
    [ "$status" -eq 0 ]
}

@test "two runs side by side do not disturb each other" {
    "$PGDYNO" run "$TINY" --plots=none >out1 2>err1 3>&- &
    one=$!
    "$PGDYNO" run "$TINY" --plots=none >out2 2>err2 3>&- &
    two=$!
    first=0 second=0
    wait $one || first=$?
    wait $two || second=$?
    cat err1 err2
    [ "$first" -eq 0 ] || [ "$first" -eq 3 ]
    [ "$second" -eq 0 ] || [ "$second" -eq 3 ]
    [ "$(only_folder | wc -l)" -eq 2 ]
    only_folder | while read -r folder; do assert_complete "$folder"; done
    nothing_left
}

# The first block is for editors alone; no example may need more than the files made here.
@test "every example of the reference is accepted by a server" {
    printf 'first_name\nAnn\n' >first_names.csv
    echo 'ALTER TABLE orders ADD note text;' >up.sql
    echo 'ALTER TABLE orders DROP note;' >down.sql
    awk '/^```yaml/ { n++; inside = 1; next } /^```/ { inside = 0 } inside { print > ("example" n ".yaml") }' \
        "$BATS_TEST_DIRNAME/../../workloads/README.md"
    rm example1.yaml
    [ "$(ls example*.yaml | wc -l)" -ge 4 ]
    for example in example*.yaml; do
        run "$PGDYNO" check "$example"
        echo "$example: $output"
        [ "$status" -eq 0 ]
    done
}
