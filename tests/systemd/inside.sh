#!/bin/bash
# Inside the booted container: the installed service, used as an administrator would. Stops at the first thing
# that is not as it should be.
set -euo pipefail

trap 'status=$?; if [ "$status" != 0 ]; then journalctl --no-pager -u basewatch -n 60; systemctl status --no-pager basewatch; fi' EXIT

step() { printf '  %s\n' "$*"; }

same() {  # WHAT IS WANTED
  if [ "$2" != "$3" ]; then
    echo "$1 is \"$2\", not \"$3\"" >&2
    return 1
  fi
}

property() { systemctl show -P "$1" basewatch; }

wait_for() {  # WHAT COMMAND…
  local what=$1 left=600
  shift
  until "$@"; do
    if ((--left == 0)); then
      echo "this does not happen: $what" >&2
      return 1
    fi
    sleep 0.1
  done
}

restarted() { [ "$(property NRestarts)" -ge "$1" ] && [ "$(property ActiveState)" = active ]; }
gone() { ! systemctl is-active --quiet basewatch; }
said() { journalctl --no-pager -u basewatch | grep -q -- "$1"; }

step "installed, not enabled, not started"
same "is-enabled" "$(systemctl is-enabled basewatch || true)" disabled
same "is-active" "$(systemctl is-active basewatch || true)" inactive
same "the configuration" "$(stat -c '%a %U %G' /etc/basewatch/basewatch.yaml)" "640 root basewatch"
same "the credentials" "$(stat -c '%a %U %G' /etc/basewatch/credentials)" "700 root root"

step "starts, with secrets from credentials and a jq program in its worker"
install -m 600 /dev/stdin /etc/basewatch/credentials/chat <<<"http://127.0.0.1:9/chat-secret"
mkdir -p /etc/systemd/system/basewatch.service.d
cat >/etc/systemd/system/basewatch.service.d/test.conf <<'END'
[Service]
LoadCredential=own:/etc/basewatch/credentials/chat
WatchdogSec=3s
TimeoutStopSec=3s
RestartSec=1s
END
cat >/etc/basewatch/basewatch.yaml <<'END'
registries:
  127.0.0.1:5000: {plain_http: true}
rules:
  - name: everything
    base: 127.0.0.1:5000/demo/base:1
    dependents: [127.0.0.1:5000/demo/api:latest]
    fire: [chat, own]
targets:
  chat: {preset: webhook, url: "${credential:chat}", body: '{text: .data.base.reference}'}
  own: {preset: webhook, url: "${credential:own}"}
END
systemctl daemon-reload
systemctl start basewatch
same "ActiveState" "$(property ActiveState)" active
same "the process's user" "$(ps -o user= -p "$(property MainPID)" 2>/dev/null || stat -c %U "/proc/$(property MainPID)")" basewatch

step "its socket is the group's"
same "the socket" "$(stat -c '%a %U %G' /run/basewatch/api.sock)" "660 basewatch basewatch"
same "the runtime directory" "$(stat -c '%a %U %G' /run/basewatch)" "750 basewatch basewatch"
same "the state directory" "$(stat -c '%a %U %G' /var/lib/basewatch)" "700 basewatch basewatch"
basewatch status >/dev/null
setpriv --reuid=4000 --regid=basewatch --clear-groups basewatch --socket /run/basewatch/api.sock status >/dev/null
if setpriv --reuid=4000 --regid=4000 --clear-groups basewatch --socket /run/basewatch/api.sock status >/dev/null 2>&1; then
  echo "a stranger may ask" >&2
  exit 1
fi

step "the watchdog is fed"
sleep 7
same "NRestarts" "$(property NRestarts)" 0

step "reloads; a broken configuration is refused and the old one goes on"
main=$(property MainPID)
sed -i 's#demo/base:1#demo/base:2#' /etc/basewatch/basewatch.yaml
systemctl reload basewatch
wait_for "the new base is watched" sh -c 'basewatch bases | grep -q base:2'
echo 'watchh: []' >>/etc/basewatch/basewatch.yaml
systemctl reload basewatch || true
wait_for "the fault is told" said watchh
same "ActiveState" "$(property ActiveState)" active
same "MainPID" "$(property MainPID)" "$main"
sed -i '/watchh/d' /etc/basewatch/basewatch.yaml

step "killed, it comes back"
kill -KILL "$main"
wait_for "a restart" restarted 1

step "stuck, it is ended by the watchdog and comes back"
kill -STOP "$(property MainPID)"
wait_for "a restart by the watchdog" restarted 2

step "stops with 0"
systemctl stop basewatch
same "Result" "$(property Result)" success
same "ExecMainStatus" "$(property ExecMainStatus)" 0

step "a wrong configuration is not tried again and again"
echo 'watchh: []' >>/etc/basewatch/basewatch.yaml
systemctl start basewatch 2>/dev/null || true
wait_for "the end" gone
same "ActiveState" "$(property ActiveState)" failed
same "ExecMainStatus" "$(property ExecMainStatus)" 2
same "NRestarts" "$(property NRestarts)" 0
if said chat-secret; then
  echo "a secret is in the journal" >&2
  exit 1
fi

step "removed, it leaves its state; purged, it leaves nothing"
sed -i '/watchh/d' /etc/basewatch/basewatch.yaml
systemctl reset-failed basewatch
systemctl --quiet enable --now basewatch 2>/dev/null
dpkg --remove basewatch >/dev/null 2>&1
wait_for "the end" gone
[ -f /var/lib/basewatch/basewatch.db ]
[ ! -e /etc/systemd/system/multi-user.target.wants/basewatch.service ]
dpkg --purge basewatch >/dev/null 2>&1
[ ! -e /var/lib/basewatch ]
[ ! -e /etc/basewatch/credentials ]
