#!/bin/sh
# Only base/clock.h reads a clock that somebody can set. Takes the source root.
set -eu
cd "$1"
readings='CLOCK_REALTIME|CLOCK_TAI|gettimeofday|timespec_get|[^_[:alnum:]]time\((NULL|&)'
grep -qE "$readings" include/base/clock.h || {
    echo "this looks for nothing: it does not even find clock_wall_ns()"
    exit 1
}
if grep -rnE "$readings" --include='*.[ch]' bench generators workloads reports include |
    grep -v '^include/base/clock\.h:'; then
    echo "these read the wall clock: use clock_now_ns(), or clock_wall_ns() to name a time"
    exit 1
fi
