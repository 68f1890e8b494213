#!/usr/bin/env bash
# Installs the package in a Debian of its own, boots that in a container without a network, and has
# inside.sh use the service there. Needs root, mmdebstrap and systemd-nspawn.
#
#   boot.sh PACKAGE.deb
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
package=$(realpath "$1")
folder=$(mktemp -d "${TMPDIR:-/tmp}/basewatch-boot-XXXXXX")
root=$folder/root
container=""

finish() {
  local status=$?
  trap - EXIT INT TERM
  if [ "$container" ]; then
    kill "$container" 2>/dev/null || true
    wait "$container" 2>/dev/null || true
  fi
  rm -rf --one-file-system "$folder"
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

echo "a Debian with the package in it"
# --tmpfs would hide what is copied into /tmp at boot: the package goes to the top.
mmdebstrap --quiet --variant=minbase --include=systemd-sysv,init-system-helpers,ca-certificates \
  --customize-hook="copy-in '$package' /" \
  --customize-hook='chroot "$1" sh -c "DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install /*.deb >/install.log 2>&1 || { cat /install.log; exit 1; }"' \
  --skip=cleanup/apt bookworm "$root" >"$folder/mmdebstrap.log" 2>&1 || { tail -n 30 "$folder/mmdebstrap.log"; exit 1; }

install -m 755 "$here/inside.sh" "$root/inside.sh"
cat >"$root/etc/systemd/system/inside.service" <<'END'
[Unit]
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/sh -c '/inside.sh >/inside.log 2>&1; echo $? >/inside.status; systemctl --no-block poweroff'
[Install]
WantedBy=default.target
END
chroot "$root" systemctl --quiet enable inside.service

echo "booting"
systemd-nspawn --quiet --boot --register=no --keep-unit --private-network --directory="$root" \
  >"$folder/console.log" 2>&1 </dev/null &
container=$!
for ((second = 0; second < 180; ++second)); do
  kill -0 "$container" 2>/dev/null || break
  sleep 1
done
if kill -0 "$container" 2>/dev/null; then
  echo "the container does not end" >&2
fi

cat "$root/inside.log" || true
if [ "$(cat "$root/inside.status" 2>/dev/null)" != 0 ]; then
  echo "--- console" >&2
  tail -n 20 "$folder/console.log" >&2
  exit 1
fi
