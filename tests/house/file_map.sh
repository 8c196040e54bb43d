#!/bin/sh
# The map at the top of bench/cli/main.c names every source file of the rooms. Takes the source root.
set -eu
main=$1/bench/cli/main.c
map=$(sed '/clang-format on/q' "$main")
status=0
for file in "$1"/bench/*/*.c "$1"/generators/*.c "$1"/workloads/*.c "$1"/reports/*.c; do
    name=$(basename "$file" .c)
    echo "$map" | grep -qw -- "$name" || {
        echo "$main: the map does not name $name ($file)"
        status=1
    }
done
exit $status
