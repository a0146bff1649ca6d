# The search part of ./dev test --full: every fuzz target under libFuzzer with the sanitizers.
# shellcheck shell=bash

# One million executions of one target, by two searches that learn from each other; what is found is kept beside the log,
# and the suite fails. The corpus in the tree is only read: what the search learns goes into the run's own folder. -timeout
# counts the clock on the wall: ten seconds for an input of a kilobyte, since a shared machine may stop for one.
search_target() { # NAME
  local name=$1 room="$ROOT/tests/fuzz/$1" found="$KEPT_LOGS/fuzz-$1" rc options=()
  mkdir -p "$TEST_DIR/fuzz-$name/learned" "$found"
  [ -f "$room/dictionary" ] && options+=("-dict=$room/dictionary")
  [ -f "$room/options" ] && mapfile -t -O ${#options[@]} options <"$room/options"
  export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
  cd "$TEST_DIR/fuzz-$name" || return
  "$(build_dir fuzz)/bin/fuzz_$name" -jobs=2 -workers=2 -runs=$((${PORTICO_FUZZ_RUNS:-1000000} / 2)) -rss_limit_mb=512 -timeout=10 \
    -max_len=1024 -print_final_stats=1 -artifact_prefix="$found/" "${options[@]}" learned "$room/corpus"
  rc=$?
  tail -n 40 fuzz-*.log
  if [ $rc != 0 ]; then
    printf 'the input is in %s\n' "$found"
    return 1
  fi
  rmdir "$found"
}

search_suites() {
  local room name
  for room in "$ROOT"/tests/fuzz/*/corpus; do
    name=$(basename "$(dirname "$room")")
    selected "fuzz/$name" || continue
    [ "$LIST" = 1 ] || [ -n "${fuzz_built:-}" ] || (build_cpp fuzz fuzz) || { suite_total_failed=$((suite_total_failed + 1)); return; }
    fuzz_built=1
    suite "fuzz/$name" search_target "$name"
  done
}
