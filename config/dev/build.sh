# ./dev build: C++ by CMake presets, then the web pages, each only when its inputs changed.
# shellcheck shell=bash

# As many compilers as there are cores, as long as each has about 1.5 GB.
build_jobs() {
  local cores memory
  cores=$(nproc)
  memory=$(awk '/^MemAvailable/ { print int($2 / 1500000) }' /proc/meminfo)
  [ "$memory" -lt 1 ] && memory=1
  printf '%s' $((cores < memory ? cores : memory))
}

# PORTICO_BUILD_DIR names another folder for the dev preset.
build_dir() {
  if [ "$1" = dev ] && [ -n "${PORTICO_BUILD_DIR:-}" ]; then
    printf '%s' "$PORTICO_BUILD_DIR"
  else
    printf '%s/build/%s' "$ROOT" "$1"
  fi
}

configure() {
  cd "$ROOT" || return
  cmake --preset "$1" -B "$(build_dir "$1")"
}

# What `up` needs: the programs and the plugins, not the tests.
product_targets() {
  ninja -C "$1" -t targets all | sed -nE 's#^((bin/(portico|sandbox))|(plugins/[^/:]+/[^/:]+\.so)): .*#\1#p'
}

compile() {
  local dir=$1
  shift
  ninja -C "$dir" -j "${PORTICO_JOBS:-$(build_jobs)}" "$@"
}

# build_cpp PRESET all|product
build_cpp() {
  local preset=$1 dir targets=()
  dir=$(build_dir "$preset")
  if [ ! -f "$dir/build.ninja" ] || [ "$ROOT/CMakePresets.json" -nt "$dir/build.ninja" ]; then
    step "configure ($preset)" "run ./dev setup; a stale folder is mended by removing $dir" configure "$preset" || exit 1
  fi
  if [ "$2" = product ]; then
    ninja -C "$dir" build.ninja >"$LOGS/regenerate.log" 2>&1 || { show_failure "$LOGS/regenerate.log"; die "CMake could not be run again" "mend the CMakeLists.txt named above"; }
    mapfile -t targets < <(product_targets "$dir")
  fi
  step "build ($preset)" "mend the first error above, then ./dev build; a stale folder is mended by removing $dir" \
    compile "$dir" "${targets[@]}" || exit 1
}

# ---- web ----

web_inputs() {
  (cd "$ROOT" && find sdk/web plugins -path '*/node_modules' -prune -o -type f \( -path 'sdk/web/*' -o -path 'plugins/*/web/*' \) -print0 |
    sort -z | xargs -0 -r sha256sum
  cat "$1/openapi.json" 2>/dev/null) | sha256sum | cut -c 1-64
}

make_web() {
  local dir=$1 id
  cd "$ROOT" || return
  node sdk/web/build.mjs --out "$dir/web" $([ -s "$dir/openapi.json" ] && printf -- '--openapi %s' "$dir/openapi.json") || return
  for id in "$dir"/web/*/; do
    id=$(basename "$id")
    [ -d "$dir/plugins/$id" ] || { echo "built pages for '$id', but there is no plugin folder $dir/plugins/$id"; return 1; }
    # The host may be reading: the finished copy takes the old one's place.
    rm -rf "$dir/plugins/$id/web.new" "$dir/plugins/$id/web.old"
    cp -a "$dir/web/$id" "$dir/plugins/$id/web.new" || return
    if [ -d "$dir/plugins/$id/web" ]; then mv "$dir/plugins/$id/web" "$dir/plugins/$id/web.old" || return; fi
    mv "$dir/plugins/$id/web.new" "$dir/plugins/$id/web" || return
    rm -rf "$dir/plugins/$id/web.old"
  done
}

# The host's own description of its API: the pages' types are made from it.
describe_api() {
  PORTICO_PLUGIN_PATH="$1/plugins" "$1/bin/portico" openapi >"$1/openapi.json.new" && mv "$1/openapi.json.new" "$1/openapi.json"
}

build_web() {
  local dir inputs
  dir=$(build_dir "$1")
  [ -f "$ROOT/sdk/web/build.mjs" ] || return 0
  use_node || die "no Node $kNodeVersion or later" "run ./dev setup"
  if [ -x "$dir/bin/portico" ]; then
    step "API document" "the message says which route or contract is wrong: $dir/bin/portico openapi" describe_api "$dir" || exit 1
  fi
  inputs=$(web_inputs "$dir")
  if [ "$(cat "$dir/web.made_of" 2>/dev/null)" = "$inputs" ]; then
    tick "web pages ${dim}(nothing changed)${plain}"
    return
  fi
  rm -f "$dir/web.made_of"
  step "web pages" "mend the first error above; missing packages come with ./dev setup" make_web "$dir" || exit 1
  printf '%s\n' "$inputs" >"$dir/web.made_of"
}

# run_build PRESET all|product
run_build() {
  command -v cmake >/dev/null && command -v ninja >/dev/null || die "cmake or ninja is missing" "run ./dev setup"
  build_cpp "$1" "$2"
  case $1 in dev | release) build_web "$1" ;; esac
}
