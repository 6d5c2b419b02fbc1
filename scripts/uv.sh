#!/bin/sh
# Prints the path of a usable uv; fetches one into .uv/ when the machine has none.
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }

python() {
    for name in ${PYTHON:-} python3.11 python3 python; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            printf '%s\n' "$name"
            return
        fi
    done
    say 'Python 3.11 or newer is needed. On Debian 12 or later: apt-get install python3'
    exit 1
}

with_venv() { "$1" -m venv .uv >/dev/null 2>&1 && .uv/bin/python -m pip install --quiet 'uv>=0.9' >&2; }

with_pip() { "$1" -m pip install --quiet --target .uv 'uv>=0.9' >&2; }

with_apt() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq >&2 && apt-get install -y -qq --no-install-recommends python3-venv >&2
}

fetch() {
    say 'Fetching uv, which installs exactly what uv.lock names…'
    with_venv "$1" && return
    rm -rf .uv
    "$1" -m pip --version >/dev/null 2>&1 && with_pip "$1" && return
    with_apt && with_venv "$1" && return
    say 'uv could not be fetched. Either the network (or its proxy) refused, or this Python has neither'
    say 'venv nor pip: apt-get install python3-venv, or install uv yourself (https://docs.astral.sh/uv/).'
    exit 1
}

if command -v uv >/dev/null && uv --version >/dev/null 2>&1; then
    command -v uv
    exit
fi
if ! .uv/bin/uv --version >/dev/null 2>&1; then
    interpreter="$(python)"
    fetch "$interpreter"
fi
printf '%s\n' "$PWD/.uv/bin/uv"
