#!/bin/sh
# From a bare Debian or Ubuntu machine to a first comparison: install what is missing, build, run `pgdyno run tasks` in
# a form that takes under two minutes. Arguments are handed on to it, and win: sh bench/quickstart.sh --blocks=20
set -eu
cd "$(dirname "$0")/.."

sh bench/setup.sh build
[ ! -e build ] || [ -w build ] || {
    echo "quickstart: error: the folder build belongs to another user; remove it, or run this as that user" >&2
    exit 1
}
cmake --preset release -DBUILD_TESTING=OFF
cmake --build --preset release

status=0
set -- build/release/pgdyno run tasks --variant=none,status_created --pool=2,8 --isolation=rc,ser --blocks=8 \
    --warmup=200ms --duration=600ms "$@"
echo "+ $*"
"$@" || status=$?
case $status in
0) echo "Each plot is in pgdyno-results/latest/plots. The whole workload: build/release/pgdyno run tasks" ;;
3) echo "Not every trial was valid on this machine; the report says which and why." && status=0 ;;
esac
exit $status
