#!/bin/sh
# usage: replay.sh PROGRAM TARGET SOURCE_ROOT
# The seeds, the findings of earlier fuzzing, and large inputs that once took minutes: once each.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
sh "$(dirname "$0")"/seeds.sh "$2" "$3" "$folder"

# large FILE BEFORE REPEATED TIMES AFTER; %d in REPEATED is the number of the repetition
large() {
    awk -v before="$2" -v repeated="$3" -v times="$4" -v after="$5" 'BEGIN {
        printf "%s", before
        for (i = 1; i <= times; i++)
            printf repeated, i
        printf "%s", after
    }' >"$folder/large-$1"
}
start='workload: w\ntransactions: { t: { sql: SELECT 1 } }\nparams:\n'
case $2 in
workload)
    large keys "$start" '  p%d: 1\n' 16000 ''
    large doubled "$start" '  p: 1\n' 16000 ''
    large mistakes "$start" '  p%d: nix\n' 8000 ''
    large mistakes_in_a_value "$start  a: \"" 'nix + ' 8000 '1"'
    large unknown_variables 'workload: w\ntransactions: { t: { sql: "SELECT ' ':nix, ' 16000 '1" } }'
    ;;
expr)
    large chain ':i' ' + :i' 30000 ''
    large mistakes ':t' ' || nix' 100000 ''
    large depth '' '(' 20000 ''
    large calls '' 'abs(' 20000 '1'
    ;;
script)
    large mistakes '' '\\set x nix +\n' 4000 ''
    large branches '' '\\if 1\n' 100000 ''
    large statement 'SELECT ' '1,\n' 100000 '1;'
    ;;
csv)
    large header '' 'c%d,' 300000 'c'
    large rows 'a,b\n' '%d,"x"\n' 100000 ''
    ;;
esac
"$1" "$folder" || {
    echo "the file named last is the input that failed; its name is its path with - for /"
    exit 1
}
