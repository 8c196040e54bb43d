#!/bin/sh
# The check of the rooms' line must fail on a tree that breaks it, and name each place.
set -eu
check=$(dirname "$0")/rooms_line.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

put() { # file line...
    mkdir -p "$(dirname "$tree/$1")"
    file=$1
    shift
    printf '%s\n' "$@" >"$tree/$file"
}

put include/base/err.h '#include <stddef.h>'
put bench/pg/conn.c '#include <libpq-fe.h>' '#include "base/err.h"' '#include "private.h"'
put generators/load.c '#include <libpq-fe.h>' '#include "pg/conn.h"'
put bench/run/pool.c '#include "workloads/spec.h"' '#include "run/pool.h"'
sh "$check" "$tree" || { echo "a good tree was refused"; exit 1; }

put include/base/bad.h '/* why */' '#include "pg/target.h"'
put bench/base/bad.c '#include <libpq-fe.h>'
put generators/bad.c '#  include "run/pool.h"'
put workloads/spec.c '#include <libpq-fe.h>' '#include "cli/opt.h"'
put reports/bad.c '#include "libpq-fe.h"' '#include "../bench/run/pool.h"'
put bench/attic/old.c '#include "base/err.h"'
cat >"$tree/expected" <<'EOF'
bench/attic/old.c:1: "attic" is no room
bench/base/bad.c:1: base does not talk to libpq
generators/bad.c:1: generators is left of run and may not include "run/pool.h"
include/base/bad.h:2: base is left of pg and may not include "pg/target.h"
reports/bad.c:1: reports does not talk to libpq
reports/bad.c:2: "../bench/run/pool.h" names no room
workloads/spec.c:1: workloads does not talk to libpq
workloads/spec.c:2: workloads is left of cli and may not include "cli/opt.h"
EOF
status=0
sh "$check" "$tree" >"$tree/found" || status=$?
[ "$status" -eq 1 ] || { echo "a bad tree gave exit status $status"; exit 1; }
diff -u "$tree/expected" "$tree/found"
