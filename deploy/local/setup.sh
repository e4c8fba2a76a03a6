#!/usr/bin/env bash
# Makes a fresh Debian or Ubuntu machine ready: system packages, Python environment, console. Does each only when needed.
#   setup.sh run    what the running system needs
#   setup.sh dev    the same, the tools of the tests and a browser
set -euo pipefail
cd "$(dirname "$0")/../.."
kind=${1:-run}
PYTHON=${PYTHON:-python3}

say() { printf '[setup] %s\n' "$*" >&2; }
fail() { printf '[setup] %s\n' "$*" >&2; exit 1; }

"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || fail "Python 3.11 or newer is needed (PYTHON= names it)"
node -e 'process.exit(process.versions.node.split(".")[0] >= 20 ? 0 : 1)' 2>/dev/null || fail "Node.js 20 or newer is needed"
command -v npm >/dev/null || fail "npm is needed; it comes with Node.js"

packages=()
"$PYTHON" -c 'import ensurepip, venv' 2>/dev/null || packages+=(python3-venv)
command -v mmdebstrap >/dev/null || packages+=(mmdebstrap debian-archive-keyring)
if [ "$kind" = dev ]; then
  command -v chromium >/dev/null || packages+=(chromium)
  [ -e /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc ] || packages+=(fonts-noto-cjk)
  command -v ip >/dev/null || packages+=(iproute2)
  command -v openssl >/dev/null || packages+=(openssl)
  ls /usr/lib/*/faketime/libfaketimeMT.so.1 >/dev/null 2>&1 || packages+=(libfaketime)
fi
if [ ${#packages[@]} -gt 0 ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "installing system packages: ${packages[*]}"
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}"; } \
      >/tmp/shouwang-apt.$$ 2>&1 || { tail -5 /tmp/shouwang-apt.$$ >&2; fail "could not install ${packages[*]}"; }
    rm -f /tmp/shouwang-apt.$$
  else
    fail "missing: ${packages[*]}. Install them, or run this as root on Debian or Ubuntu, or use: docker compose up"
  fi
fi

# A stamp holds the checksum of what a step was made from; the step is done again when that changes.
stamp() { cat "$@" | sha256sum | cut -c1-16; }
fresh() { [ "$(cat "$1" 2>/dev/null)" = "$2" ]; }

lock=requirements; [ "$kind" = dev ] && lock=requirements-dev
want=$(stamp pyproject.toml requirements.lock requirements-dev.lock)
if ! fresh .venv/.stamp "$want $lock" && ! fresh .venv/.stamp "$want requirements-dev"; then
  say "installing Python packages into .venv"
  [ -x .venv/bin/python ] || "$PYTHON" -m venv .venv
  pip() { .venv/bin/python -m pip install -q --disable-pip-version-check "$@"; }
  pip --require-hashes -r $lock.lock
  pip --no-deps --no-build-isolation -e .
  echo "$want $lock" >.venv/.stamp
fi

sources=$(git ls-files -co --exclude-standard console 2>/dev/null || find console -type f -not -path '*/node_modules/*')
want=$(printf '%s\n' "$sources" | sort | xargs -d '\n' cat | sha256sum | cut -c1-16)
if ! fresh api/static/.stamp "$want"; then
  say "building the console"
  npm --prefix console ci --no-audit --no-fund --silent
  npm --prefix console run build --silent >/dev/null
  echo "$want" >api/static/.stamp
fi
