#!/bin/sh
# Every test, from a bare Debian or Ubuntu machine: install what is missing, build, and test three times: plain, under
# the address and undefined-behaviour sanitizers, and what uses threads under the thread sanitizer. Then each fuzz target
# runs for a minute. For people and CI.
set -eu
export LC_ALL=C.UTF-8
cd "$(dirname "$0")/.."

say() { echo "== $*"; }
die() {
    echo "run.sh: error: $*" >&2
    exit 1
}

sh bench/setup.sh test
[ ! -e build ] || [ -w build ] || die "the folder build belongs to another user; remove it, or run this as that user"
[ -d /dev/shm ] && [ -w /dev/shm ] || die "/dev/shm is missing or cannot be written; PostgreSQL needs it (in a chroot: mount --bind /dev)"
[ -r /proc/self/stat ] || die "/proc is not mounted; mount it (in a chroot: mount -t proc proc /proc)"

jobs=$(nproc 2>/dev/null || echo 2)
started=$(date +%s)
passed=0
failed=0
failures=

# Each test of `preset`; its log is kept, because the closing lines come from it.
run() {
    preset=$1
    log=build/$preset/ctest.log
    say "$preset: build"
    cmake --preset "$preset" >build/"$preset".configure.log 2>&1 || {
        cat build/"$preset".configure.log
        die "$preset does not configure"
    }
    cmake --build --preset "$preset" --parallel "$jobs" || die "$preset does not build"
    if [ "$preset" = dev ]; then
        say "$preset: every header by itself"
        cmake --build --preset dev --target all_verify_interface_header_sets || die "a header does not compile alone"
    fi
    say "$preset: test"
    status=0
    ctest --preset "$preset" --parallel "$jobs" >"$log" 2>&1 || status=$?
    # Only the last run's summary is one; see the end of this script.
    sed '/^[0-9]*% tests passed/,$d' "$log"
    count "$log" "$status"
}

count() {
    summary=$(grep -E '^[0-9]+% tests passed' "$1" | tail -n 1) || die "$preset: ctest ended with status $2 and no summary"
    bad=$(echo "$summary" | sed 's/.*, \([0-9]*\) tests failed.*/\1/')
    all=$(echo "$summary" | sed 's/.* out of \([0-9]*\).*/\1/')
    passed=$((passed + all - bad))
    failed=$((failed + bad))
    [ "$all" -gt 0 ] || die "$preset: there was nothing to test"
    [ "$2" -eq 0 ] || failures="$failures
$(sed -n '/^The following tests FAILED/,/^Errors while/p' "$1" | sed -n "s/^[[:space:]]*[0-9]* - /	$preset: /p")"
}

mkdir -p build
run dev
run asan
run tsan
run fuzz

total=$((passed + failed))
echo
echo "$((100 * passed / total))% tests passed, $failed tests failed out of $total"
echo
echo "Total Test time (real) = $(($(date +%s) - started)) sec"
if [ "$failed" -gt 0 ]; then
    echo
    echo "The following tests FAILED:$failures"
    exit 1
fi
