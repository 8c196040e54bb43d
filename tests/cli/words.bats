# What pgdyno says without a server.
load helper

setup() { common_setup; }
teardown() { common_teardown; }

@test "no arguments: help on stderr, status 1" {
    run --separate-stderr "$PGDYNO"
    [ "$status" -eq 1 ]
    [ -z "$output" ]
    [[ $stderr == *"pgdyno run tasks"* ]]
}

@test "--help names every command" {
    run --separate-stderr "$PGDYNO" --help
    [ "$status" -eq 0 ]
    for command in run seed check report compare list clean help; do
        [[ $output == *"  $command "* ]]
    done
    [ -z "$stderr" ]
}

@test "--help of every command begins with examples and ends with status 0" {
    for command in run seed check report compare list clean help; do
        run "$PGDYNO" "$command" --help
        [ "$status" -eq 0 ]
        [ "${lines[1]}" = "Examples:" ]
        [[ ${lines[2]} == "  pgdyno $command"* ]]
        run "$PGDYNO" "$command" '-?'
        [ "$status" -eq 0 ]
    done
}

@test "help has an overview, commands, and the language; an unknown topic names the nearest" {
    [ "$("$PGDYNO" help)" = "$("$PGDYNO" --help)" ]
    [ "$("$PGDYNO" help run)" = "$("$PGDYNO" run --help)" ]
    run "$PGDYNO" help expressions
    [ "$status" -eq 0 ]
    [[ $output == *"random_zipfian(lo, hi, s)"* ]]
    run "$PGDYNO" help workload
    [ "$status" -eq 0 ]
    [[ $output == *"acquire_timeout"*"default never"* ]]
    run "$PGDYNO" help schema
    [ "$status" -eq 0 ]
    [[ $output == "{"*'"additionalProperties": false'*"}" ]]
    run "$PGDYNO" help worklaod
    [ "$status" -eq 1 ]
    [[ $output == *'did you mean `workload`?'* ]]
}

@test "--version names libpq and the servers" {
    run "$PGDYNO" --version
    [ "$status" -eq 0 ]
    [[ $output =~ ^pgdyno\ [0-9]+\.[0-9]+\.[0-9]+\ \(libpq\ [0-9]+\.[0-9]+,\ for\ PostgreSQL\ 14\ to\ 18\)$ ]]
    [ "$output" = "$("$PGDYNO" run -V)" ]
}

@test "an unknown command or option names the nearest, status 1" {
    run "$PGDYNO" rnu tasks
    [ "$status" -eq 1 ]
    [[ $output == *'did you mean `run`?'* ]]
    run "$PGDYNO" run tasks --poll=4
    [ "$status" -eq 1 ]
    [[ $output == *"did you mean --pool?"* ]]
    run "$PGDYNO" -h db1 run tasks
    [ "$status" -eq 1 ]
    [[ $output == *"options come after the command"* ]]
}

@test "a missing or surplus operand is usage" {
    run "$PGDYNO" run
    [ "$status" -eq 1 ]
    [[ $output == *"run needs WORKLOAD"* ]]
    run "$PGDYNO" report
    [ "$status" -eq 1 ]
    run "$PGDYNO" run tasks bank
    [ "$status" -eq 1 ]
    [[ $output == *"one argument too many"* ]]
}

@test "compare is not supported yet, and says so" {
    run "$PGDYNO" compare a b
    [ "$status" -eq 1 ]
    [[ $output == *"not supported yet"* ]]
}

@test "list shows a line and a question a workload" {
    run "$PGDYNO" list
    [ "$status" -eq 0 ]
    [[ $output =~ (^|$'\n')bank\ +What ]]
    [[ $output =~ (^|$'\n')tasks\ +Which ]]
}

@test "an unknown workload names the nearest" {
    run "$PGDYNO" run taks
    [ "$status" -eq 1 ]
    [[ $output == *tasks* ]]
    run "$PGDYNO" run nowhere.yaml
    [ "$status" -eq 1 ]
    [[ $output == *"nowhere.yaml"* ]]
}

@test "a bad workload shows place, line and caret, and starts nothing" {
    sed 's/^params:/parms:/; s/weight: 1/weight: many/' "$TINY" >bad.yaml
    run "$PGDYNO" run bad.yaml
    [ "$status" -eq 1 ]
    [[ $output == *"bad.yaml:"*"did you mean"* ]]
    [[ $output == *"^"* ]]
    [ "$(grep -c 'bad.yaml:[0-9]' <<<"$output")" -ge 2 ]
    [ ! -e pgdyno-results ]
    nothing_left
}

@test "a bad override names the option" {
    run "$PGDYNO" run "$TINY" --duration=soon --pool=0
    [ "$status" -eq 1 ]
    [[ $output == *"--duration"* ]]
    [[ $output == *"--pool"* ]]
    run "$PGDYNO" run "$TINY" --variant=nobody
    [ "$status" -eq 1 ]
    [[ $output == *"nobody"* ]]
    run "$PGDYNO" run "$TINY" -D nothing=1
    [ "$status" -eq 1 ]
    [[ $output == *"nothing"* ]]
}

@test "--dry-run says what would be done and does nothing" {
    run --separate-stderr "$PGDYNO" run "$TINY" --dry-run --blocks=3 --pool=1,2
    [ "$status" -eq 0 ]
    [[ $output == *"2 variants × pool 1, 2 × read committed · 3 blocks"* ]]
    [[ $output == *"trials       12"* ]]
    [ -z "$stderr" ]
    [ ! -e pgdyno-results ]
    nothing_left
}

@test "rates, clients and habits: words in the plan, connections with the overflow" {
    run --separate-stderr "$PGDYNO" run "$TINY" --dry-run -R 500,80%,closed -c 40 --think=5ms --acquire-timeout=2s \
        --max-overflow=3 --arrivals=poisson -T 8
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output == *"× 500/s, 80%, closed · 2 blocks"* ]]
    [[ $output == *"trials       12 and up to 2 to find what a rate in % refers to"* ]]
    [[ $output == *"40 clients on a closed loop, each thinking 5.00 ms between transactions; poisson arrivals at a rate"* ]]
    [[ $output == *"gives up after waiting 2.00 s; up to 3 more connections when all are busy"* ]]
    [[ $output == *"connections  6 at most"* ]]
    [[ $output != *note:* ]]
}

@test "what does less than it seems to is noted" {
    dry() {
        run "$PGDYNO" run "$TINY" --dry-run "$@"
        [ "$status" -eq 0 ]
    }
    dry -R 500
    [[ $output == *"note: 500/s is 40 transactions in a window of 80.0 ms, too few"* ]]
    dry -R 500 -T 8 --raw-memory=1kB
    [[ $output == *"note: 500/s makes more transactions in a window than the 32 records"* ]]
    dry -c 3 --pool=8
    [[ $output == *"note: with 3 clients, at most 3 connections of a pool of 8 are ever busy"* ]]
    dry --acquire-timeout=1s
    [[ $output == *"note: \`acquire_timeout\` will not come into play"* ]]
    { cat "$TINY"; echo 'server: { max_connections: 30 }'; } >small.yaml
    run "$PGDYNO" run small.yaml --dry-run -R 500 -T 8 --pool=20 --max-overflow=9
    [[ $output != *note:* ]]
    run "$PGDYNO" run small.yaml --dry-run -R 500 -T 8 --pool=20 --max-overflow=10
    [[ $output == *"note: with \`max_overflow\`, 31 connections may be wanted, and \`server\` allows 30"* ]]
    { cat "$TINY"; echo 'load: { clients: 9 }'; } >file.yaml
    run "$PGDYNO" run file.yaml --dry-run -R 500 -T 8
    [[ $output == *"note: \`clients\` has no effect"* ]]
}

@test "a load that makes no sense names the option" {
    bad() {
        run "$PGDYNO" run "$TINY" --dry-run "$@"
        echo "$output"
        [ "$status" -eq 1 ]
    }
    bad -R 0,-1,1e9,101x,0%,2000%
    [ "$(grep -c '^--rate: ' <<<"$output")" -eq 6 ]
    bad -c 0
    [[ $output == *"--clients: \`clients\` must be a whole number from 1 to 1000000"* ]]
    bad -c 20 -R 500
    [[ $output == *"--clients: "*"no effect"*"--pool"* ]]
    bad --arrivals=poisson
    [[ $output == *"--arrivals: "*"no effect"*"--rate"* ]]
    bad --acquire-timeout=0.1ms --idle-timeout=soon
    [[ $output == *"--acquire-timeout: "*"from 1ms to 24h, or never"*"--idle-timeout: "* ]]
    bad -C --max-overflow=2
    [[ $output == *"--connect: \`connect_per_transaction\` contradicts \`max_overflow\`"* ]]
    bad --pool="$(seq -s, 1 300)"
    [[ $output == *"--pool: \`pool\` must have from 1 to 256 values"* ]]
    bad --raw --raw-memory=0
    [[ $output == *"--raw has nothing to keep"* ]]
    [ ! -e pgdyno-results ]
}

@test "seed and clean want a server of yours" {
    for command in seed clean; do
        run "$PGDYNO" "$command" "$TINY"
        [ "$status" -eq 1 ]
        [[ $output == *"-d"* ]]
    done
}

@test "a server that is not there: status 1, and what to do; no folder stays" {
    run "$PGDYNO" run "$TINY" -h "$PLACE" -d postgres
    [ "$status" -eq 1 ]
    [[ $output == *"running"* ]]
    [ -z "$(only_folder)" ]
}

@test "report refuses what is no result" {
    mkdir empty
    run "$PGDYNO" report empty
    [ "$status" -eq 1 ]
    run "$PGDYNO" report nowhere
    [ "$status" -eq 1 ]
    [[ $output == *"nowhere"* ]]
}

@test "a full output is an error, not silence" {
    [ -w /dev/full ] || skip "no /dev/full"
    for arguments in list --help "run $TINY --dry-run"; do
        status=0
        # shellcheck disable=SC2086
        "$PGDYNO" $arguments >/dev/full 2>err || status=$?
        [ "$status" -eq 2 ]
        said "could not be written"
    done
}

@test "the man page has every option and is clean" {
    "$PGDYNO" --mdoc >pgdyno.1
    grep -q 'Fl \\-latency\\-percentiles' pgdyno.1 || grep -q 'latency-percentiles' pgdyno.1
    command -v mandoc >/dev/null || skip "no mandoc"
    run mandoc -T lint -W warning pgdyno.1
    [ "$status" -eq 0 ]
}

@test "what is installed finds its catalog, wherever the prefix goes" {
    cmake --install "$PGDYNO_BUILD" --prefix "$PLACE/prefix" >/dev/null
    mv prefix moved
    run moved/bin/pgdyno list
    [ "$status" -eq 0 ]
    [[ $output == *tasks* ]]
    run moved/bin/pgdyno run tasks --dry-run
    [ "$status" -eq 0 ]
    [ -s moved/share/man/man1/pgdyno.1 ]
}
