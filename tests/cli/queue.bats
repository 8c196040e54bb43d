# Clients, rates and the pool's habits, from the command line to the result folder. Whether a trial counts as valid hangs
# on what else the machine does; what was counted does not.
load helper

setup() { common_setup; }
teardown() {
    until_true 20 nothing_left || true
    common_teardown
}

# measure ARGUMENTS…: a short run into ./result.
measure() {
    run --separate-stderr "$PGDYNO" run "$@" --plots=none -o result
    echo "$output$stderr"
    [ "$status" -eq 0 ] || [ "$status" -eq 3 ]
}

# of VARIANT POOL KEY: the first number of that key in the trial's line.
of() {
    grep "\"variant\":\"$1\",\"pool\":$2," result/trials.jsonl | head -n 1 | grep -o "\"$3\":[0-9.]*" | head -n 1 | cut -d : -f 2
}

@test "exhaustion: too few connections time out, enough do not" {
    measure exhaustion -D outside=0.05 -c 40 --pool=2,40 --acquire-timeout=200ms --warmup=300ms -T 1 --blocks=1
    [ "$(of none 2 timed_out)" -gt 0 ]
    [ "$(of none 40 timed_out)" -eq 0 ]
    [[ $stderr == *"pool 2: "*" timed out"* ]]
    [[ $output == *"timed out"* ]]
    nothing_left
}

@test "pool_habits: each variant does what it is called, and only that" {
    measure pool_habits -R 60 --warmup=200ms -T 2 --blocks=1 --max-lifetime=never
    for count in connects pings recycled idled_out; do
        [ "$(of plain 8 $count)" -eq 0 ]
    done
    scheduled=$(of unpooled 8 scheduled)
    [ "$scheduled" -gt 60 ]
    [ "$(of pre_ping 8 pings)" -eq "$scheduled" ]
    [ "$(of pre_ping 8 connects)" -eq 0 ]
    [ "$(of unpooled 8 connects)" -eq "$scheduled" ]
    [ "$(of recycled 8 recycled)" -gt 0 ]
    [ "$(of trimmed 8 idled_out)" -gt 0 ]
    [ "$(of trimmed 8 connects)" -gt 0 ]
}

@test "options make habits too: -C connects for each, --max-overflow opens more" {
    measure "$TINY" -C --variant=none --blocks=1 -T 300ms
    [ "$(of none 2 connects)" -gt 0 ]
    rm -r result
    measure "$TINY" --max-overflow=3 -c 6 --think=20ms -D nap=0.02 --variant=none --blocks=1 -T 1
    [ "$(of none 2 overflows)" -gt 0 ]
}

@test "a rate is offered, named, and schedules what it says" {
    measure "$TINY" -R 100,closed,50% --arrivals=constant --variant=none -T 1 --blocks=1 -P 1
    grep -q '"rate_tps":100.0,"scheduled":100,' result/trials.jsonl
    grep -q '"rate_tps":0.0,' result/trials.jsonl
    [ "$(wc -l <result/trials.jsonl)" -eq 3 ]
    [[ $stderr == *"none · 100/s: "*"wait p99"* ]]
    [[ $stderr == *"none · closed: "* ]]
    [[ $stderr == *"none · 50%: "* ]]
    [[ $stderr =~ progress:\ 1\.[0-9]\ s.*\ wait\ p99\ [0-9.]+\ pool\ [0-9]/2 ]]
}

@test "--raw keeps the records, 32 bytes a transaction; without it there are none" {
    measure "$TINY" --raw -R 200 --arrivals=constant --variant=none -T 1 --blocks=1
    file=$(find result/raw -type f)
    [ -n "$file" ]
    [ "$(stat -c %s "$file")" -ge 6400 ]
    rm -r result
    measure "$TINY" -R 200 --variant=none -T 1 --blocks=1
    [ ! -e result/raw ]
}
