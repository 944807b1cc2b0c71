#!/bin/sh
# Installs the programs that the tests talk to and that do not come from a wheel: Dovecot, Postfix, Chromium,
# SpamAssassin. Quick when all are there. Without root or apt it says so and leaves it at that: the tests that need them
# are then skipped, except under CI=true, where a missing counterpart is a failure.
set -eu

missing=""
[ -x /usr/lib/dovecot/imap ] || missing="$missing dovecot-imapd"
[ -x /usr/lib/dovecot/lmtp ] || missing="$missing dovecot-lmtpd"
{ [ -x /usr/sbin/postfix ] && [ -x /usr/sbin/smtp-sink ]; } || missing="$missing postfix"
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
# With the rules that the package ships (some 70 files, 2 MB); nothing here fetches newer ones or starts its daemon.
{ [ -x /usr/bin/spamassassin ] && [ -e /usr/share/spamassassin/50_scores.cf ]; } || missing="$missing spamassassin"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "counterparts: cannot install$missing (needs root and apt-get); the tests that use them will be skipped"
    exit 0
fi

echo "counterparts: installing$missing"
export DEBIAN_FRONTEND=noninteractive
# A container without an init must not try to start what it installs: the tests start their own, on loopback.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    trap 'rm -f "$policy"' EXIT
fi
bounded="timeout 600 apt-get -qq -o Acquire::Retries=2 -o Acquire::http::Timeout=30 -o DPkg::Lock::Timeout=120"
# shellcheck disable=SC2086  # lists of words
if ! { $bounded update && $bounded install -y --no-install-recommends $missing >/dev/null; }; then
    echo "counterparts: apt-get could not install$missing; the tests that use them will be skipped"
    [ "${CI:-}" != true ] || exit 1
fi
