# ./dev bench: the release build under load, beside what it is measured against, with services of its own.
# shellcheck shell=bash

# A NestJS server to compare with: from its lock file, into the tools folder, only here.
install_peer() {
  local from="$ROOT/tests/bench/peers/nest" to="$TOOLS/bench-nest"
  mkdir -p "$to" && cp "$from"/package.json "$from"/package-lock.json "$from"/.npmrc "$from"/server.mjs "$to"/ || return
  if [ "$(cat "$to/node_modules/.made_of" 2>/dev/null)" != "$(sha256sum <"$to/package-lock.json")" ]; then
    (cd "$to" && npm ci) || return
    sha256sum <"$to/package-lock.json" >"$to/node_modules/.made_of"
  fi
}

# The product's plugins, and the bench plugin under nine ids: its id stands in the manifest only, one length each.
bench_plugins() {
  local n dir="$BENCH_DIR/plugins"
  mkdir -p "$dir" "$BENCH_DIR/migrations" || return
  cp -as "$BUILD"/plugins/. "$dir"/ && cp -as "$ROOT"/migrations/. "$BENCH_DIR/migrations/" || return
  for n in 1 2 3 4 5 6 7 8 9; do
    mkdir -p "$dir/bench$n" "$BENCH_DIR/migrations/bench$n" || return
    sed "s/bench1/bench$n/g" "$BUILD/bench/plugins/bench1/plugin.so" >"$dir/bench$n/plugin.so" || return
    cp "$ROOT"/tests/bench/plugin/migrations/*.sql "$BENCH_DIR/migrations/bench$n/" || return
  done
}

close_bench_run() {
  local name
  trap '' INT TERM HUP
  stop_spinner
  for name in sandbox redis postgres; do stop_one $name >/dev/null 2>&1; done
  rm -rf "$BENCH_DIR"
}

build_bench() {
  local dir=$BUILD targets=()
  if [ ! -f "$dir/build.ninja" ]; then configure release || return; fi
  mapfile -t targets < <(product_targets "$dir")
  compile "$dir" "${targets[@]}" bench_programs
}

cmd_bench() {
  local build=1 arguments=()
  while [ $# -gt 0 ]; do
    case $1 in
      --no-build) build=0 ;;
      --json | --write | --rounds=*) arguments+=("$1") ;;
      -*) unknown "$1" ;;
      *) arguments+=("$1") ;;
    esac
    shift
  done
  use_node || die "no Node $kNodeVersion or later" "run ./dev setup"
  BUILD=$(build_dir release)
  # The table is for standard output; what leads to it is for the reader beside it.
  {
    lock_state
    if [ $build = 1 ]; then
      step "build (release)" "mend the first error above" build_bench || exit 1
      build_web release || exit 1
    fi
    step "peer (NestJS)" "needs the npm registry once" install_peer || exit 1
    unlock_state
    BENCH_DIR=$(mktemp -d /var/tmp/portico-bench-XXXXXX) || die "cannot make a folder under /var/tmp"
    chmod 0711 "$BENCH_DIR"
    trap close_bench_run EXIT
    trap 'exit 130' INT TERM HUP
    export PORTICO_TOOLS_DIR=$TOOLS PORTICO_STATE_DIR="$BENCH_DIR/state" PG_FAST=1
    open_state
    choose_ports
    write_environment
    start_stores || exit 1
    start_one sandbox sandbox "see its log" sandbox_start || exit 1
    step "plugins" '' bench_plugins || exit 1
    status_json >"$BENCH_DIR/status.json"
  } >&2
  export BENCH_DIR PORTICO_TEST_BUILD_DIR=$BUILD PORTICO_STATUS_FILE="$BENCH_DIR/status.json"
  export BENCH_SOCKET BENCH_PSQL
  BENCH_SOCKET=$(pg_socket) BENCH_PSQL="$(pg_bin)/psql"
  node "$ROOT/tests/bench/bench.mjs" "${arguments[@]}"
}
