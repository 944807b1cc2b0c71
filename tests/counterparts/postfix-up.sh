#!/bin/bash
# postfix-up.sh DIR SMTP_PORT SUBMISSION_PORT LMTP_PORT AUTH_PORT SINK_PORT TLS_DIR
# A Postfix on loopback, root only (its master insists). Mail for NAME@shop.test goes to Dovecot's LMTP, except for the names
# that begin with "unknown"; all other mail goes to SINK_PORT, and comes back as a bounce when that refuses it.
# Submission wants STARTTLS and a login that Dovecot checks. Stop: postfix -c DIR/etc stop, with an absolute DIR.
set -euo pipefail
D=$(mkdir -p "$1" && cd "$1" && pwd)
SMTP=$2 SUBMISSION=$3 LMTP=$4 AUTH=$5 SINK=$6 TLS=$7
mkdir -p "$D"/{etc,queue,data}
chmod 755 "$D" "$D/etc" "$D/queue"
chown postfix "$D/data"

cat >"$D/etc/main.cf" <<CONF
compatibility_level = 3.6
queue_directory = $D/queue
data_directory = $D/data
maillog_file = $D/maillog
maillog_file_prefixes = $D
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.shop.test
mydomain = shop.test
mydestination =
alias_maps =
alias_database =
local_recipient_maps =
mynetworks = 127.0.0.0/8
virtual_mailbox_domains = shop.test
virtual_mailbox_maps = regexp:{ { /@shop\.test\$\$/ x } }
virtual_transport = lmtp:inet:127.0.0.1:$LMTP
relayhost = [127.0.0.1]:$SINK
disable_dns_lookups = yes
smtp_dns_support_level = disabled
smtp_host_lookup = native
message_size_limit = 1048576
mailbox_size_limit = 0
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_peername_lookup = no
smtpd_tls_cert_file = $TLS/cert.pem
smtpd_tls_key_file = $TLS/key.pem
smtpd_tls_security_level = may
smtputf8_enable = yes
smtpd_recipient_restrictions = check_recipient_access regexp:{ { /^unknown/ 550 5.1.1 User unknown } }
CONF
cat >"$D/etc/master.cf" <<CONF
127.0.0.1:$SMTP inet n - n - - smtpd
127.0.0.1:$SUBMISSION inet n - n - - smtpd
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_sasl_type=dovecot
  -o smtpd_sasl_path=inet:127.0.0.1:$AUTH
  -o smtpd_tls_security_level=encrypt
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
  -o mynetworks=
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
pickup unix n - n 60 1 pickup
postlog unix-dgram n - n - 1 postlogd
CONF
[ -e /etc/postfix/main.cf ] || touch /etc/postfix/main.cf
exec postfix -c "$D/etc" start
