#!/bin/sh
# The acceptance tests in their full form, from a release build: some 35 minutes. For a quiet machine.
#
#     sh tests/truth/full.sh [FOLDER [ID …]]        the table and the plot go into FOLDER (build/truth)
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
folder=${1:-$root/build/truth}
[ $# -eq 0 ] || shift
cmake -S "$root" -B "$root/build/release" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo >&2
cmake --build "$root/build/release" --target truth >&2
exec "$root/build/release/tests/truth/truth" --full --output="$folder" "$@"
