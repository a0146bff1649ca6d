# ./dev setup: Debian packages, a Node that is new enough, npm packages. Does nothing where nothing is missing.
# shellcheck shell=bash

kNodeVersion=20.19 # what the web tools ask for

wanted_packages() { sed 's/#.*//; s/[[:space:]]//g; /^$/d' "$ROOT/config/dev/packages.txt"; }

# Packages of the arguments that are not installed.
missing_packages() {
  dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2>/dev/null |
    awk 'NR == FNR { if ($1 == "installed") have[$2] = 1; next } !($1 in have)' - <(printf '%s\n' "$@")
}

# Runs as root: apt-get with the packages' own services kept from starting, now (policy-rc.d) and at boot (disable).
kInstallScript='
set -eu
policy=/usr/sbin/policy-rc.d made=
trap "[ -z \"\$made\" ] || rm -f \$policy" EXIT
trap "exit 130" INT TERM HUP
if [ ! -e $policy ]; then
  made=1
  printf "#!/bin/sh\nexit 101\n" >$policy
  chmod 755 $policy
fi
before=$(dpkg-query -W -f "\${Package}\n" postgresql-15 redis-server prometheus 2>/dev/null || :)
export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install -y --no-install-recommends "$@"
if command -v systemctl >/dev/null; then
  for unit in postgresql redis-server prometheus; do
    case " $before " in *"$unit"*) ;; *) systemctl disable "$unit.service" || : ;; esac
  done
fi
'

install_packages() {
  if [ "$(id -u)" = 0 ]; then
    sh -c "$kInstallScript" install "$@"
  else
    sudo -n sh -c "$kInstallScript" install "$@"
  fi
}

ensure_packages() {
  local label=$1 missing
  shift
  mapfile -t missing < <(missing_packages "$@")
  if [ ${#missing[@]} -eq 0 ]; then
    tick "$label ${dim}(nothing to install)${plain}"
    return
  fi
  if ! command -v apt-get >/dev/null; then
    die "these packages are missing and this system has no apt-get: ${missing[*]}" "install what they hold by other means; ./dev looks for them with dpkg-query"
  fi
  if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null; then
      say "Some packages are missing and this user may not install them. As root:"
      say "  apt-get install --no-install-recommends ${missing[*]}"
      exit 1
    fi
    sudo -v || die "sudo refused" "run as root: apt-get install --no-install-recommends ${missing[*]}"
  fi
  step "$label (${#missing[@]} to install)" "check the network and /etc/apt/sources.list, then run ./dev setup again" \
    install_packages "${missing[@]}" || exit 1
}

# ---- node ----

new_enough() {
  local found
  found=$("$1" --version 2>/dev/null) && [ "$(printf '%s\n' "$kNodeVersion" "${found#v}" | sort -V | head -n 1)" = "$kNodeVersion" ]
}

# Puts the Node to use first in PATH: the installed one when it is new enough, else ours of the state folder.
use_node() {
  local found
  found=$(command -v node || :)
  if [ -n "$found" ] && new_enough "$found" && command -v npm >/dev/null; then return 0; fi
  if new_enough "$TOOLS/node_modules/.bin/node"; then
    PATH="$TOOLS/node_modules/.bin:$PATH"
    return 0
  fi
  return 1
}

install_node() {
  mkdir -p "$TOOLS" && cd "$TOOLS" || return
  printf '{"private": true}\n' >package.json
  npm install --no-audit --no-fund --no-package-lock "node@22" "npm@10" || return
  "$TOOLS/node_modules/.bin/node" --version
}

ensure_node() {
  if use_node; then
    tick "Node $(node --version) ${dim}($(command -v node))${plain}"
    return
  fi
  # Debian's npm conflicts with a Node of another origin: it is installed only where there is none at all.
  if ! command -v npm >/dev/null; then
    command -v node >/dev/null && die "there is a node ($(command -v node), $(node --version)) without npm" "install npm beside it, or remove that node: ./dev setup then installs Debian's"
    ensure_packages "Debian's Node" nodejs npm
    use_node && return
  fi
  step "A newer Node from npm ($kNodeVersion or later)" "check that npm reaches its registry: npm ping" install_node || exit 1
  use_node || die "the Node installed in $TOOLS does not run" "remove $TOOLS and run ./dev setup again"
}

# ---- npm packages ----

npm_projects() {
  local folder
  for folder in sdk/web tests/e2e; do [ -f "$ROOT/$folder/package-lock.json" ] && printf '%s\n' "$folder"; done
}

install_npm() {
  cd "$ROOT/$1" || return
  rm -f node_modules/.made_of
  npm ci --no-audit --no-fund || return
  sha256sum <package-lock.json >node_modules/.made_of
}

ensure_npm() {
  local folder
  for folder in $(npm_projects); do
    if [ "$(cat "$ROOT/$folder/node_modules/.made_of" 2>/dev/null)" = "$(sha256sum <"$ROOT/$folder/package-lock.json")" ]; then
      tick "npm packages of $folder ${dim}(as the lock file says)${plain}"
      continue
    fi
    step "npm packages of $folder" "check that npm reaches its registry (npm ping) and that package.json and package-lock.json agree" \
      install_npm "$folder" || exit 1
  done
}

run_setup() {
  local packages
  mapfile -t packages < <(wanted_packages)
  ensure_packages "Debian packages" "${packages[@]}"
  if [ -n "$(npm_projects)" ]; then
    ensure_node
    ensure_npm
  fi
}
