#!/bin/bash
# dovecot-up.sh DIR IMAP_PORT IMAPS_PORT LMTP_PORT AUTH_PORT
# A Dovecot 2.3 on loopback that needs no root; as root it steps down to $RUNAS (nobody). Any name logs in with the password
# "s3cret", so that each test has a mailbox of its own. The mail of NAME lies in DIR/mail/NAME as a maildir.
# Stop: kill the process in DIR/run/master.pid.
set -euo pipefail
D=$(mkdir -p "$1" && cd "$1" && pwd)
IMAP=$2 IMAPS=$3 LMTP=$4 AUTH=$5
RUNAS=${RUNAS:-nobody}
if [ "$(id -u)" = 0 ]; then U=$RUNAS; else U=$(id -un); fi
G=$(id -gn "$U")
mkdir -p "$D"/{run,state,mail,log,tls}

if [ ! -f "$D/tls/cert.pem" ]; then
    key() { openssl req "$@" -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes 2>/dev/null; }
    key -x509 -days 30 -subj "/CN=Leadwire test CA" -keyout "$D/tls/ca.key" -out "$D/tls/ca.pem" \
        -addext basicConstraints=critical,CA:TRUE
    key -subj "/CN=localhost" -keyout "$D/tls/key.pem" -out "$D/tls/request.pem"
    openssl x509 -req -in "$D/tls/request.pem" -CA "$D/tls/ca.pem" -CAkey "$D/tls/ca.key" -CAcreateserial -days 30 \
        -out "$D/tls/cert.pem" -extfile <(printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\n') 2>/dev/null
fi

cat >"$D/dovecot.conf" <<CONF
base_dir = $D/run
state_dir = $D/state
log_path = $D/log/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
default_internal_user = $U
default_internal_group = $G
default_login_user = $U
first_valid_uid = 1
mail_location = maildir:$D/mail/%u
mail_max_userip_connections = 0
auth_mechanisms = plain login
auth_username_format = %Lu
auth_failure_delay = 0
disable_plaintext_auth = no
ssl = yes
ssl_cert = <$D/tls/cert.pem
ssl_key = <$D/tls/key.pem
passdb {
  driver = static
  args = password=s3cret
}
userdb {
  driver = static
  args = uid=$U gid=$G home=$D/mail/%u
}
namespace inbox {
  inbox = yes
  separator = /
}
service imap-login {
  chroot =
  inet_listener imap {
    port = $IMAP
  }
  inet_listener imaps {
    port = $IMAPS
    ssl = yes
  }
}
service auth {
  inet_listener {
    address = 127.0.0.1
    port = $AUTH
  }
}
service anvil {
  chroot =
  # Without the growing delay after wrong passwords: all tests come from one address.
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service stats {
  chroot =
}
service imap {
  client_limit = 1
  process_limit = 64
}
service lmtp {
  chroot =
  inet_listener lmtp {
    port = $LMTP
  }
}
protocol lmtp {
  postmaster_address = postmaster@shop.test
}
CONF

if [ "$(id -u)" = 0 ]; then
    chown -R "$U:$G" "$D"
    exec setpriv --reuid="$U" --regid="$G" --clear-groups /usr/sbin/dovecot -c "$D/dovecot.conf"
fi
exec /usr/sbin/dovecot -c "$D/dovecot.conf"
