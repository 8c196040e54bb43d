#!/bin/sh
# usage: seeds.sh TARGET SOURCE_ROOT FOLDER
# Fills FOLDER with inputs to begin with, all taken from files that are in the tree anyway.
set -eu
target=$1 root=$2 folder=$3
mkdir -p "$folder"

# One file for each distinct line of the input.
one_a_line() {
    awk -v name="$folder/$1-" 'NF && !seen[$0]++ { printf "%s", $0 >(name NR); close(name NR) }'
}
# All files given, under names that do not collide.
copy() {
    for file; do
        [ -f "$file" ] || continue
        cp "$file" "$folder/$(echo "${file#"$root"/}" | tr / -)"
    done
}

case $target in
workload)
    copy "$root"/workloads/catalog/*.yaml "$root"/tests/data/good/*.yaml "$root"/tests/data/bad/*.yaml
    ;;
expr)
    # What the tests evaluate, and what follows `name: ` in a line of a workload.
    sed -n 's/^ *\(check\|{\)(\{0,1\}"\(.*\)", *".*/\2/p' "$root"/tests/workloads/*.c | sed 's/\\"/"/g' |
        one_a_line test
    grep -o '"[^"]*"' "$root"/tests/workloads/pgbench_cases.h | tr -d '"' | one_a_line case
    sed -n 's/^ *[a-z_0-9]*: \(.*[(+*|:].*\)$/\1/p' "$root"/workloads/catalog/*.yaml "$root"/tests/data/*/*.yaml |
        sed 's/^"\(.*\)"$/\1/' | one_a_line file
    ;;
csv)
    copy "$root"/tests/data/csv/*.csv "$root"/tests/data/*/*.csv
    for file in "$root"/workloads/catalog/data/*.csv; do
        [ ! -f "$file" ] || head -n 20 "$file" >"$folder/head-$(basename "$file")"
    done
    ;;
script)
    # The tests' scripts are C strings, often of several lines.
    sed -n 's/^ *\(check\|{\)(\{0,1\}"\(.*\)", *".*/\2/p; s/^ *\(check\|{\)(\{0,1\}"\(.*\)",$/\2/p' \
        "$root"/tests/workloads/script_test.c | sed 's/\\"/"/g; s/\\n/\x01/g; s/\\\\/\\/g' | one_a_line test
    for file in "$folder"/test-*; do
        tr '\001' '\n' <"$file" >"$folder/script-${file##*-}"
        rm "$file"
    done
    copy "$root"/tests/data/*/*.sql "$root"/tests/data/*/*/*.sql "$root"/workloads/catalog/*/*.sql
    ;;
esac
copy "$root"/tests/fuzz/regressions/"$target"/*
