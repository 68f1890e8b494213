#!/usr/bin/env bash
# The main job, end to end, on real programs: a base image moves in a registry, and the chat and the build server
# hear of it. Ends with 0 only if everything arrived and every signature was right; leaves nothing behind.
#
#   demo.sh BUILD-FOLDER
set -euo pipefail
cd "$(dirname "$0")/../.."

build=$1
basewatch=$build/basewatch
folder=$(mktemp -d "${TMPDIR:-/tmp}/basewatch-demo-XXXXXX")
processes=()

finish() {
  local status=$? process
  trap - EXIT INT TERM
  # The latest first: what still talks goes before what it talks to.
  for ((process = ${#processes[@]} - 1; process >= 0; --process)); do
    kill "${processes[process]}" 2>/dev/null || true
    wait "${processes[process]}" 2>/dev/null || true
  done
  if [ "$status" != 0 ] && [ "$status" != 130 ]; then
    echo "--- the demo failed; the daemon said:" >&2
    tail -n 20 "$folder/daemon.log" >&2 || true
    echo "--- the registry said:" >&2
    tail -n 5 "$folder/registry.log" >&2 || true
  fi
  rm -rf "$folder"
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say() {
  if [ -t 1 ]; then printf '\n\033[1m%s\033[0m\n' "$*"; else printf '\n== %s\n' "$*"; fi
}

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

free_port() {
  local port
  while :; do
    # Below the ports that the kernel hands out to connections (32768 and up).
    port=$((20000 + RANDOM % 12000))
    listens "$port" || break
  done
  echo "$port"
}

wait_for() {  # WHAT COMMAND…: until it succeeds, at most 20 seconds
  local what=$1 until=$((SECONDS + 20))
  shift
  until "$@"; do
    if ((SECONDS >= until)); then
      echo "there is no $what" >&2
      return 1
    fi
    sleep 0.1
  done
}

arrived() {  # COUNT LINE
  [ "$(grep -cxF -- "$2" "$folder/received")" -ge "$1" ]
}

# ---------------------------------------------------------------- a registry and three images

port=$(free_port)
registry=127.0.0.1:$port
cat >"$folder/registry.yml" <<END
version: 0.1
log: {level: error}
storage: {filesystem: {rootdirectory: $folder/registry}}
http: {addr: "$registry"}
END
docker-registry serve "$folder/registry.yml" >"$folder/registry.log" 2>&1 &
processes+=($!)
wait_for registry listens "$port"

layout=$folder/images
image() {  # NAME FROM FILE TEXT: FROM and one layer more
  mkdir -p "$folder/layer"
  printf '%s\n' "$4" >"$folder/layer/$3"
  if [ "$2" ]; then umoci tag --image "$layout:$2" "$1"; else umoci new --image "$layout:$1"; fi
  umoci insert --rootless --image "$layout:$1" "$folder/layer/$3" "/$3"
  umoci config --image "$layout:$1" --os linux --architecture amd64
}
push() {  # NAME REFERENCE
  skopeo --insecure-policy copy --quiet --dest-tls-verify=false "oci:$layout:$1" "docker://$registry/demo/$2"
}

say "A registry on $registry, a base image, and two images built on it"
umoci init --layout "$layout"
image base "" base-version 1
image api base api "what the shop answers with"
image worker base worker "what the shop works with"
push base base:1
push api api:latest
push worker worker:latest
echo "pushed demo/base:1, demo/api:latest and demo/worker:latest"

# ---------------------------------------------------------------- a receiver and the daemon

receiver_port=$(free_port)
secret=whsec_$(openssl rand -base64 32 2>/dev/null || head -c 32 /dev/urandom | base64)
printf '%s\n' "$secret" >"$folder/secret"
sed -e "s#127\.0\.0\.1:5000#$registry#g" -e "s#127\.0\.0\.1:9000#127.0.0.1:$receiver_port#g" \
  -e "s#/tmp/basewatch-demo#$folder/demo#g" -e "s#secret: whsec_[^ ]*.*#secret: \"\${file:$folder/secret}\"#" \
  config/demo.yaml >"$folder/basewatch.yaml"

"$build/tests/demo_receiver" "$receiver_port" --secret-file "$folder/secret" > >(tee "$folder/received") 2>&1 &
processes+=($!)
wait_for receiver listens "$receiver_port"

say "basewatch run -c config/demo.yaml"
"$basewatch" run -c "$folder/basewatch.yaml" --log text >"$folder/daemon.log" 2>&1 &
daemon=$!
processes+=("$daemon")
wait_for "daemon that is ready" grep -q "ready" "$folder/daemon.log"

ask() { "$basewatch" -c "$folder/basewatch.yaml" "$@"; }
ask check-now "$registry/demo/base:1"

# ---------------------------------------------------------------- the base moves

say "The base moves: a new layer is pushed to demo/base:1"
image base base base-version 2
moved=$(date +%s%N)
push base base:1
wait_for "Slack message" arrived 1 "POST /slack"
wait_for "call for each rebuild" arrived 2 "POST /rebuild"
wait_for "signature on each rebuild" arrived 2 "    signature verified"
printf '\nall of it within %d ms of the push\n' $((($(date +%s%N) - moved) / 1000000))

say "What an on-call engineer sees"
for verb in "status" "changes" "explain $registry/demo/base:1"; do
  printf '\n$ basewatch %s\n' "$verb"
  # shellcheck disable=SC2086
  ask $verb
done

# ---------------------------------------------------------------- the verdict

say "Stopping"
kill -TERM "$daemon"
wait "$daemon"
if grep -q "SIGNATURE WRONG" "$folder/received"; then
  echo "a signature was wrong" >&2
  exit 1
fi
if ! [ "$(grep -c '^POST /slack$' "$folder/received")" = 1 ] || ! [ "$(grep -c '^POST /rebuild$' "$folder/received")" = 2 ]; then
  echo "more arrived than should have" >&2
  exit 1
fi
say "One Slack message, two rebuild calls, both signatures verified. Everything is stopped and removed."
