#!/usr/bin/env bash
# ClamAV daemon (Debian).
NAME=clamav; PORT=${PORT:-3310}
set -euo pipefail
export HOST=127.0.0.1
CACHE=${CACHE:-$HOME/.cache/counterparts}; STATE=${STATE:-${TMPDIR:-/tmp}/counterparts/$NAME-$PORT}
mkdir -p "$CACHE" "$STATE"
spawn() { local p=$1; shift; setsid "$@" >"$STATE/$p.log" 2>&1 </dev/null & echo $! >"$STATE/$p.pid"; }
reap() { local f p i; for f in $(ls -t "$STATE"/*.pid 2>/dev/null); do p=$(cat "$f"); kill -- "-$p" 2>/dev/null || true
  for i in $(seq 60); do kill -0 -- "-$p" 2>/dev/null || break; sleep .25; done; kill -9 -- "-$p" 2>/dev/null || true; rm -f "$f"; done; }
wait_for() { local i; for i in $(seq $(($1 * 4))); do health >/dev/null 2>&1 && return 0; sleep .25; done; echo "$NAME: not healthy in $1 s" >&2; tail -n 20 "$STATE"/*.log >&2; return 1; }
mem() { local f kb=0 x; for f in "$STATE"/*.pid; do [ -e "$f" ] || continue; for x in $(ps -o rss= -g "$(cat "$f")"); do kb=$((kb + x)); done; done; echo "$((kb / 1024)) MiB"; }
main() { local t=$SECONDS; case "${1:-}" in install) install ;; start) install; prepare; serve; wait_for "${WAIT:-60}"; echo "$NAME up on $HOST:$PORT in $((SECONDS - t)) s, RSS $(mem)" ;;
  down) down ;; up) up; wait_for "${WAIT:-60}" ;; # with what it stored
  stop) reap ;; health) health ;; mem) mem ;; *) echo "usage: [PORT=n] [CACHE=dir] [STATE=dir] $0 install|start|down|up|health|mem|stop" >&2; exit 2 ;; esac; }
down() { reap; }
up() { serve; }
# clamd on TCP PORT with a local test signature only (freshclam's mirrors are not reachable here): detects EICAR and any hash put in $STATE/db.
install() { command -v clamd >/dev/null || { apt-get update -q; DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends clamav-daemon clamav; }; }
prepare() { chmod 755 "$STATE"; mkdir -p "$STATE/db"; printf 'EICAR-test:0:*:%s\n' "$(printf '%s' 'X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*' | od -An -tx1 | tr -d ' \n')" >"$STATE/db/test.ndb"; chown -R clamav "$STATE/db"
  printf 'Foreground yes\nTCPSocket %s\nTCPAddr 127.0.0.1\nDatabaseDirectory %s\nUser clamav\nStreamMaxLength 2M\n' "$PORT" "$STATE/db" >"$STATE/clamd.conf"; }
serve() { spawn clamd clamd -c "$STATE/clamd.conf"; }
health() { python3 -c "import socket; s=socket.create_connection(('127.0.0.1',$PORT),2); s.sendall(b'zPING\0'); assert s.recv(9)==b'PONG\0'; print('PONG')"; }
main "$@"
