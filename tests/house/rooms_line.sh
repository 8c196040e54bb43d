#!/bin/sh
# usage: rooms_line.sh SOURCE_ROOT
# Prints file:line of each #include that looks to the right of its room, and exits 1 if there is one.
set -eu
cd "${1:?usage: rooms_line.sh SOURCE_ROOT}"

for folder in bench workloads generators reports include; do
    [ -d "$folder" ] && find "$folder" -name '*.[ch]' -type f
done | LC_ALL=C sort | awk '
BEGIN {
    n = split("base pg generators workloads run reports cli", order, " ")
    for (i = 1; i <= n; i++)
        rank[order[i]] = i
    split("pg generators run", direct, " ")
    for (i in direct)
        libpq[direct[i]] = 1
}
function breach(why) {
    printf "%s:%d: %s\n", file, number, why
    found = 1
}
{
    file = $0
    split(file, part, "/")
    room = part[1] == "bench" || part[1] == "include" ? part[2] : part[1]
    number = 0
    while ((getline line < file) > 0) {
        number++
        if (line !~ /^[ \t]*#[ \t]*include[ \t]*["<]/)
            continue
        split(line, quoted, /["<>]/)
        name = quoted[2]
        if (!(room in rank)) {
            breach("\"" room "\" is no room")
            break
        }
        if (name == "libpq-fe.h" && !(room in libpq))
            breach(room " does not talk to libpq")
        if (line !~ /"/ || name !~ /\//)
            continue
        target = name
        sub(/\/.*/, "", target)
        if (!(target in rank))
            breach("\"" name "\" names no room")
        else if (rank[target] > rank[room])
            breach(room " is left of " target " and may not include \"" name "\"")
    }
    close(file)
}
END { exit found }'
