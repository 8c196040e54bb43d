#!/bin/sh
# Is a broken promise found? Takes catalog_try, the workload tasks, this folder and pgdyno.
set -u
try=$1 workload=$2 folder=$3 pgdyno=$4
status=0
said=$("$try" "$workload" "$folder/broken.txt" "$pgdyno") && {
    echo "all promises of broken.txt are kept?"
    status=1
}
for line in $(grep -n '^ ' "$folder/broken.txt" | cut -d: -f1); do
    echo "$said" | grep -q "^line $line: " || {
        echo "no complaint of line $line"
        status=1
    }
done
# A workload without expectations, and a line that says nothing
"$try" "$workload" "$folder/expect/nobody.txt" "$pgdyno" | grep -q "says here what it promises" || {
    echo "a missing file is no mistake?"
    status=1
}
exit $status
