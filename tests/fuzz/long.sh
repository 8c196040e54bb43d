#!/bin/sh
# usage: sh tests/fuzz/long.sh MINUTES [TARGET]
# Fuzzes each target, or the one, for MINUTES, one after the other, at the lowest priority. The corpus stays in
# build/fuzz/long, so that the next run goes on from there. A finding does not end the run; all are listed in the end.
set -eu
cd "$(dirname "$0")/../.."
minutes=${1:?usage: sh tests/fuzz/long.sh MINUTES [TARGET]}
targets=${2:-$(sed -n 's/^set(FUZZ_TARGETS \(.*\))$/\1/p' tests/fuzz/CMakeLists.txt)}

cmake --preset fuzz >/dev/null
cmake --build --preset fuzz
status=0
for target in $targets; do
    KEEP_CORPUS=1 nice -n 19 sh tests/fuzz/fuzz.sh "build/fuzz/tests/fuzz/fuzz_$target" "$target" . \
        "build/fuzz/long/$target" $((minutes * 60)) -seed="$(date +%s)" -fork=1 -ignore_crashes=1 -ignore_timeouts=1 -ignore_ooms=1 || status=1
done
exit $status
