#!/bin/sh
# Runs a command with VEILLEUR_TEST_DATABASE_URL naming a throw-away PostgreSQL on a Unix socket.
# A URL that is already set is used as it is.
set -eu
PATH="$PATH:/usr/sbin:/sbin"  # runuser

if [ -n "${VEILLEUR_TEST_DATABASE_URL:-}" ]; then
    exec "$@"
fi

initdb="$(command -v initdb || find /usr/lib/postgresql -name initdb 2>/dev/null | sort -V | tail -n 1)"
if [ -z "$initdb" ]; then
    echo 'PostgreSQL is missing: apt-get install postgresql' >&2
    exit 1
fi
bin="$(dirname "$(readlink -f "$initdb")")"
place="$(mktemp -d /tmp/veilleur-pg-XXXXXX)"

# The server refuses to run as root, which continuous integration often is.
as_postgres() {
    if [ "$(id -u)" = 0 ]; then
        (cd / && runuser -u postgres -- "$@")
    else
        "$@"
    fi
}

stop() {
    as_postgres "$bin/pg_ctl" -D "$place/data" -m immediate -w stop >/dev/null 2>&1 || true
    rm -rf "$place"
}
trap stop EXIT
trap 'exit 130' INT TERM

[ "$(id -u)" != 0 ] || chown postgres "$place"
as_postgres "$bin/initdb" -D "$place/data" -U veilleur -A trust -E UTF8 --locale=C.UTF-8 --no-sync >/dev/null
# Durability is worth nothing here: the cluster dies with this script.
as_postgres "$bin/pg_ctl" -D "$place/data" -l "$place/log" -w start -o \
    "-k $place -c listen_addresses='' -c fsync=off -c synchronous_commit=off -c full_page_writes=off" \
    >/dev/null || { cat "$place/log" >&2; exit 1; }

VEILLEUR_TEST_DATABASE_URL="postgres://veilleur@$(printf '%s' "$place" | sed 's|/|%2F|g')/postgres"
export VEILLEUR_TEST_DATABASE_URL
"$@"
