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

# What the search of ./dev test --full needs: the fuzz targets alone.
fuzz_targets() {
  ninja -C "$1" -t targets all | sed -nE 's#^(bin/fuzz_[^:]+): .*#\1#p'
}

compile() {
  local dir=$1
  shift
  ninja -C "$dir" -j "${PORTICO_JOBS:-$(build_jobs)}" "$@"
}

# build_cpp PRESET all|product|fuzz
build_cpp() {
  local preset=$1 dir targets=()
  dir=$(build_dir "$preset")
  if [ ! -f "$dir/build.ninja" ] || [ "$ROOT/CMakePresets.json" -nt "$dir/build.ninja" ]; then
    step "configure ($preset)" "run ./dev setup; a stale folder is mended by removing $dir" configure "$preset" || exit 1
  fi
  if [ "$2" != all ]; then
    ninja -C "$dir" build.ninja >"$LOGS/regenerate.log" 2>&1 || { show_failure "$LOGS/regenerate.log"; die "CMake could not be run again" "mend the CMakeLists.txt named above"; }
    case $2 in product) mapfile -t targets < <(product_targets "$dir") ;; fuzz) mapfile -t targets < <(fuzz_targets "$dir") ;; esac
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
  local dir=$1 id types=()
  cd "$ROOT" || return
  if [ -s "$dir/openapi.json" ]; then types=(--openapi "$dir/openapi.json"); fi
  node sdk/web/build.mjs --out "$dir/web" "${types[@]}" || return
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

# The host's own description of its API: the pages' types are made from it. It needs the stores, for plugins start.
describe_api() {
  with_environment "$BUILD/bin/portico" openapi >"$BUILD/openapi.json.new" || { cat "$BUILD/openapi.json.new"; return 1; }
  mv "$BUILD/openapi.json.new" "$BUILD/openapi.json"
}

api_is_current() {
  [ -s "$BUILD/openapi.json" ] &&
    [ -z "$(find "$BUILD/bin/portico" "$BUILD"/plugins/*/*.so "$ROOT/config" -name '[!.]*' \( -name '*.so' -o -name portico -o -name '*.properties' \) -newer "$BUILD/openapi.json" 2>/dev/null)" ]
}

build_web() {
  local dir inputs
  dir=$(build_dir "$1")
  [ -f "$ROOT/sdk/web/build.mjs" ] || return 0
  use_node || die "no Node $kNodeVersion or later" "run ./dev setup"
  inputs=$(web_inputs "$dir")
  if [ "$(cat "$dir/web.made_of" 2>/dev/null)" = "$inputs" ]; then
    tick "web pages ${dim}(nothing changed)${plain}"
    return
  fi
  rm -f "$dir/web.made_of"
  step "web pages" "mend the first error above; missing packages come with ./dev setup" make_web "$dir" || return
  printf '%s\n' "$inputs" >"$dir/web.made_of"
}

# run_cpp PRESET all|product
run_cpp() {
  command -v cmake >/dev/null && command -v ninja >/dev/null || die "cmake or ninja is missing" "run ./dev setup"
  build_cpp "$1" "$2"
}

# run_build PRESET: everything. The pages' types are those of the last description of the API that `up` made.
run_build() {
  run_cpp "$1" all
  case $1 in dev | release) build_web "$1" || exit 1 ;; esac
}
