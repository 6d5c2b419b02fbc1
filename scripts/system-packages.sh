#!/bin/sh
# What the tests need beyond Python: installed through apt when we may, named exactly when we may not.
set -eu

missing() {
    command -v chromium >/dev/null || printf 'chromium '
    command -v xgettext >/dev/null || printf 'gettext '
    command -v initdb >/dev/null || [ -n "$(find /usr/lib/postgresql -name initdb 2>/dev/null)" ] || printf 'postgresql '
}

wanted="$(missing)"
[ -n "$wanted" ] || exit 0

as_root=''
if [ "$(id -u)" != 0 ]; then
    as_root='sudo -n'
fi
command="apt-get install -y --no-install-recommends $wanted"
if ! command -v apt-get >/dev/null || ! $as_root true 2>/dev/null; then
    printf 'The tests need: %s\nInstall them as root, on Debian with:\n  %s\n' "$wanted" "$command" >&2
    exit 1
fi
printf 'Installing %s…\n' "$wanted" >&2
# shellcheck disable=SC2086 # several words on purpose
{
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
    $as_root env DEBIAN_FRONTEND=noninteractive $command -qq >/dev/null
}
left="$(missing)"
if [ -n "$left" ]; then
    printf 'apt-get did not bring: %s\n' "$left" >&2
    exit 1
fi
