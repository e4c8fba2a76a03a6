#!/usr/bin/env bash
# Writes the digest of each image beside its tag (name:tag@sha256:…), or the newer one for a tag that has moved.
#   pin-images.sh FILE…    Dockerfiles and compose files; our own image is built, not fetched
set -euo pipefail
images=$(sed -nE 's/^ *(image:|FROM) +([^ @]+:[^ @]+).*/\2/p' "$@" | grep -v '^shouwang:' | sort -u)
for image in $images; do
  digest=$(docker buildx imagetools inspect "$image" --format '{{.Manifest.Digest}}')
  [[ $digest =~ ^sha256:[0-9a-f]{64}$ ]] || { echo "no digest for $image: $digest" >&2; exit 1; }
  sed -i -E "s|(^ *(image:\|FROM) +${image//./\\.})(@sha256:[0-9a-f]+)?|\1@$digest|" "$@"
  echo "$image@$digest"
done
