#!/usr/bin/env bash
# Registries that Debian does not have, from their published Go modules, into build/servers/. Versions are
# pinned; what is there already is not built again.
set -euo pipefail
cd "$(dirname "$0")/../../.."

mkdir -p build/servers
folder=$(mktemp -d build/servers/building.XXXXXX)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
export GOTOOLCHAIN=local

# A program of a module that is not its main package, or whose own go.mod names it differently: from its source.
build() {  # NAME MODULE VERSION PACKAGE TAGS
  local name=$1 module=$2 version=$3 package=$4 tags=$5 source
  if [ ! -x "build/servers/$name-$version" ]; then
    echo "building $name $version"
    {
      source=$(go mod download -json "$module@$version" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
      cp -r "$source" "$folder/$name"
      chmod -R u+w "$folder/$name"
      (cd "$folder/$name" && GOFLAGS="-buildvcs=false -mod=mod" nice go build -tags "$tags" -o "../$name.built" "$package")
      # What Gitea reads beside its program.
      if [ "$name" = gitea ]; then
        mkdir -p "build/servers/$name-$version-files"
        cp -r "$folder/$name"/{options,templates,public} "build/servers/$name-$version-files"
      fi
    } >"build/servers/$name.log" 2>&1 || { cat "build/servers/$name.log" >&2; exit 1; }
    mv "$folder/$name.built" "build/servers/$name-$version"
  fi
  ln -sfn "$name-$version" "build/servers/$name"
}

build distribution_3 github.com/distribution/distribution/v3 v3.0.0 ./cmd/registry ""
build gitea code.gitea.io/gitea v1.23.8 . "sqlite sqlite_unlock_notify"
ln -sfn gitea-v1.23.8-files build/servers/gitea-files
build zot github.com/project-zot/zot v1.4.3 ./cmd/zot containers_image_openpgp
