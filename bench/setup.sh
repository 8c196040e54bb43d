#!/bin/sh
# Install what pgdyno needs from Debian's or Ubuntu's own packages: only what is missing, and nothing else is changed.
#
#     sh bench/setup.sh [build|test]     test adds what only the tests need
#
# As root, or with sudo. On other systems it lists what is missing and stops.
set -eu
export LC_ALL=C

mode=${1:-build}
missing=
case $mode in
build | test) ;;
*) echo "usage: sh bench/setup.sh [build|test]" >&2 && exit 1 ;;
esac

say() { echo "setup: $*"; }
die() {
    echo "setup: error: $*" >&2
    exit 1
}

# want PACKAGE COMMAND…: the package is missing if the command fails.
want() {
    package=$1
    shift
    "$@" >/dev/null 2>&1 || missing="$missing $package"
}
program() { command -v "$1"; }
header() { echo "#include <$1>" | cc -E -xc - -o /dev/null; }
library() { pkg-config --exists "$1"; }
server() {
    [ -x "$(pg_config --bindir 2>/dev/null)/initdb" ] || command -v initdb ||
        ls /usr/lib/postgresql/*/bin/initdb /usr/pgsql-*/bin/initdb 2>/dev/null | grep -q .
}
jar() { [ -r /usr/share/java/hdrhistogram.jar ]; }
libfuzzer() {
    echo 'int LLVMFuzzerTestOneInput(void *data, unsigned long size) { return data && size > 9; }' |
        clang -fsanitize=fuzzer,address,undefined -xc - -o /dev/null
}
font() { ls /usr/share/fonts/truetype/*/*.ttf /usr/share/fonts/opentype/*/*.otf | grep -q .; }

# With what each is for. PostgreSQL's server is there for the private server; any version from 14 on will do.
look() {
    missing=
    want gcc program cc
    want libc6-dev header stdlib.h
    want cmake program cmake
    want ninja-build program ninja
    want pkg-config program pkg-config
    want libpq-dev library libpq
    want libcsv-dev header csv.h
    want libyaml-dev library yaml-0.1
    want libjansson-dev library jansson
    want zlib1g-dev library zlib
    want gnuplot-nox program gnuplot
    want fonts-dejavu-core font
    want postgresql server
    if [ "$mode" = test ]; then
        want libcmocka-dev library cmocka
        want bats program bats
        want default-jre-headless program java
        want libhdrhistogram-java jar # the .hlog format's reference implementation
        want python3-jsonschema python3 -c 'import jsonschema' # checks the schema that editors get
        want python3-yaml python3 -c 'import yaml'
        want clang program clang
        want libclang-rt-dev libfuzzer
    fi
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        env DEBIAN_FRONTEND=noninteractive "$@"
    else
        sudo env DEBIAN_FRONTEND=noninteractive "$@"
    fi
}

# Package lists may be empty or old, and mirrors have bad moments.
apt_install() {
    for pause in 0 2 10; do
        if as_root apt-get install -y --no-install-recommends "$@"; then
            return 0
        fi
        sleep "$pause"
        as_root apt-get update || say "apt-get update failed, trying again"
    done
    as_root apt-get install -y --no-install-recommends "$@" || die "apt-get could not install: $*
check the network and /etc/apt, then run this again"
}

# Debian's server package makes and starts a cluster of its own. pgdyno needs only the programs, so that is switched off
# while the package is installed; afterwards the setting is as it was.
install_server() {
    conf=/etc/postgresql-common/createcluster.conf
    apt_install postgresql-common
    saved=$(mktemp)
    cp "$conf" "$saved" 2>/dev/null || : >"$saved"
    trap 'as_root cp "$saved" "$conf"; rm -f "$saved"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    (cat "$saved" && echo 'create_main_cluster = false') | as_root tee "$conf" >/dev/null
    apt_install postgresql
    as_root cp "$saved" "$conf"
    rm -f "$saved"
    trap - EXIT INT TERM HUP
}

look
if [ -n "$missing" ]; then
    program apt-get >/dev/null || die "please install what these Debian packages hold:$missing"
    [ "$(id -u)" = 0 ] || program sudo >/dev/null || die "neither root nor sudo; as root run:
    apt-get install$missing"
    say "installing$missing"
    others=$(echo "$missing " | sed 's/ postgresql / /')
    # shellcheck disable=SC2086
    [ -z "$(echo "$others" | tr -d ' ')" ] || apt_install $others
    case "$missing " in *" postgresql "*) install_server ;; esac
    look
    [ -z "$missing" ] || die "still missing after the installation:$missing"
fi

version=$(cmake --version | sed -n '1s/.* \([0-9]*\.[0-9]*\).*/\1/p')
[ "${version%%.*}" -gt 3 ] || [ "${version#*.}" -ge 25 ] ||
    die "CMake is $version, pgdyno needs 3.25: Debian 12, Ubuntu 24.04 or later"
say "everything is there"
