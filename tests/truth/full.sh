#!/bin/sh
# The acceptance tests in their full form, from a release build: some 35 minutes. For a quiet machine.
#
#     sh tests/truth/full.sh [FOLDER [ID …]]        the table and the plot go into FOLDER (truth-results)
set -eu
cd "$(dirname "$0")/../.."
folder=${1:-truth-results}
[ $# -eq 0 ] || shift
cmake --preset release >/dev/null
cmake --build --preset release --target truth >/dev/null
exec build/release/tests/truth/truth --full --output="$folder" "$@"
