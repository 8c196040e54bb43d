#!/bin/sh
# usage: replay.sh PROGRAM TARGET SOURCE_ROOT
# The seeds, and the findings of earlier fuzzing, once each.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
sh "$(dirname "$0")"/seeds.sh "$2" "$3" "$folder"
"$1" "$folder" || {
    echo "the file named last is the input that failed; its name is its path with - for /"
    exit 1
}
