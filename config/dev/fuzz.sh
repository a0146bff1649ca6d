# The search part of ./dev test --full: every fuzz target under libFuzzer with the sanitizers.
# shellcheck shell=bash

# One million executions of one target; what is found is kept beside the log, and the suite fails. The corpus in the tree is
# only read: what the search learns goes into the run's own folder. -timeout counts the clock on the wall: ten seconds for
# an input of a kilobyte, since a shared machine may stop for one.
search_target() { # NAME
  local name=$1 room="$ROOT/tests/fuzz/$1" options=()
  mkdir -p "$TEST_DIR/fuzz-$name" "$KEPT_LOGS/fuzz-$name"
  [ -f "$room/dictionary" ] && options+=("-dict=$room/dictionary")
  export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
  "$(build_dir fuzz)/bin/fuzz_$name" "${options[@]}" -runs="${PORTICO_FUZZ_RUNS:-1000000}" -rss_limit_mb=512 -timeout=10 -max_len=1024 \
    -print_final_stats=1 -artifact_prefix="$KEPT_LOGS/fuzz-$name/" "$TEST_DIR/fuzz-$name" "$room/corpus" || {
    printf 'the input is in %s\n' "$KEPT_LOGS/fuzz-$name"
    return 1
  }
  rmdir "$KEPT_LOGS/fuzz-$name"
}

search_suites() {
  local room name
  [ "$LIST" = 1 ] || (build_cpp fuzz fuzz) || { suite_total_failed=$((suite_total_failed + 1)); return; }
  for room in "$ROOT"/tests/fuzz/*/corpus; do
    name=$(basename "$(dirname "$room")")
    suite "fuzz/$name" search_target "$name"
  done
}
