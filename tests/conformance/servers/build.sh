#!/usr/bin/env bash
# Registries that Debian does not have, from their published Go modules, into build/servers/. Versions are
# pinned; what is there already is not built again.
set -euo pipefail
cd "$(dirname "$0")/../../.."

distribution=v3.0.0

mkdir -p build/servers
if [ ! -x "build/servers/distribution-$distribution" ]; then
  echo "building distribution $distribution"
  folder=$(mktemp -d build/servers/building.XXXXXX)
  trap 'rm -rf "$folder"' EXIT
  GOTOOLCHAIN=local GOBIN="$PWD/$folder" nice go install "github.com/distribution/distribution/v3/cmd/registry@$distribution" \
    >build/servers/distribution.log 2>&1 || { cat build/servers/distribution.log >&2; exit 1; }
  mv "$folder/registry" "build/servers/distribution-$distribution"
fi
ln -sfn "distribution-$distribution" build/servers/distribution_3
