#!/bin/sh
# usage: [KEEP_CORPUS=1] fuzz.sh PROGRAM TARGET SOURCE_ROOT FOLDER SECONDS [LIBFUZZER_OPTION…]
# Fuzzes for SECONDS from the seeds, with a fixed random seed unless an option says otherwise. FOLDER gets the corpus,
# the log, and what was found: then the exit status is 1.
set -eu
program=$1 target=$2 root=$3 folder=$4 seconds=$5
shift 5
corpus=$folder/corpus seeds=$folder/seeds findings=$folder/findings log=$folder/log
rm -rf "$seeds"
[ -n "${KEEP_CORPUS:-}" ] || rm -rf "$corpus"
mkdir -p "$corpus" "$findings"
[ -z "$(ls "$findings")" ] || mv "$findings" "$folder/findings-before-$(date +%Y%m%d-%H%M%S)"
mkdir -p "$findings"
sh "$root"/tests/fuzz/seeds.sh "$target" "$root" "$seeds"
"$(dirname "$program")"/fuzz_words "$target" >"$folder/words"

case $target in
workload) longest=16384 ;;
expr) longest=1024 ;;
*) longest=4096 ;;
esac
# Milliseconds are usual. What needs 10 s of a busy machine, or 512 MB at once, is a finding too.
status=0
ASAN_OPTIONS=allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1 \
    "$program" -seed=1 -max_total_time="$seconds" -max_len=$longest -timeout=10 -rss_limit_mb=2048 \
    -malloc_limit_mb=512 -detect_leaks=1 -dict="$folder/words" -artifact_prefix="$findings/" "$@" \
    "$corpus" "$seeds" >"$log" 2>&1 || status=$?

last=$(grep -E '^#[0-9]+:?[[:space:]].*cov: ' "$log" | tail -n 1)
echo "fuzz $target: $(echo "$last" |
    sed 's/^#\([0-9]*\).*cov: \([0-9]*\) ft: \([0-9]*\) .*/\1 inputs, \2 edges, \3 features/') in $seconds s"
if [ "$status" -ne 0 ] || [ -n "$(ls "$findings")" ]; then
    tail -n 80 "$log"
    echo "fuzz $target: found something (exit status $status):"
    find "$findings" -type f
    echo "to see one again: $program FILE; once it is mended, keep FILE in tests/fuzz/regressions/$target/"
    exit 1
fi
