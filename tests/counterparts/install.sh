#!/bin/sh
# Installs the servers that the tests talk to and that do not come from a wheel: Dovecot, Postfix, Chromium.
# Quick when all are there. Without root or apt it says so and leaves it at that: the tests that need them are then skipped,
# except under CI=true, where a missing counterpart is a failure.
set -eu

missing=""
[ -x /usr/lib/dovecot/imap ] || missing="$missing dovecot-imapd"
[ -x /usr/lib/dovecot/lmtp ] || missing="$missing dovecot-lmtpd"
{ [ -x /usr/sbin/postfix ] && [ -x /usr/sbin/smtp-sink ]; } || missing="$missing postfix"
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "counterparts: cannot install$missing (needs root and apt-get); the tests that use them will be skipped"
    exit 0
fi

echo "counterparts: installing$missing"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# A container without an init must not try to start what it installs: the tests start their own, on loopback.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    trap 'rm -f "$policy"' EXIT
fi
# shellcheck disable=SC2086  # a list of words
apt-get install -y -qq --no-install-recommends $missing >/dev/null
