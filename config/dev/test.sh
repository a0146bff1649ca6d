# ./dev test and ./dev e2e: every suite against services of its own, counted into one closing line.
# shellcheck shell=bash

suite_total_passed=0 suite_total_failed=0 suite_ran=0

# The run's folder and services go away however the run ends; logs of failed suites are kept with ./dev's own logs.
open_test_run() {
  TEST_DIR=$(mktemp -d /var/tmp/portico-test-XXXXXX) || die "cannot make a folder under /var/tmp"
  chmod 0711 "$TEST_DIR"
  KEPT_LOGS=$LOGS/test
  rm -rf "$KEPT_LOGS"
  mkdir -p "$KEPT_LOGS"
  export PORTICO_TOOLS_DIR=$TOOLS PORTICO_TEST_BUILD_DIR=$BUILD
  trap close_test_run EXIT
  trap 'exit 130' INT TERM HUP
}

close_test_run() {
  local name
  trap '' INT TERM HUP
  stop_spinner
  [ -d "$TEST_DIR/stack" ] && PORTICO_STATE_DIR="$TEST_DIR/stack" "$ROOT/dev" down >/dev/null 2>&1
  if [ -d "$TEST_DIR/services" ]; then
    use_state "$TEST_DIR/services"
    for name in redis postgres; do stop_one $name >/dev/null 2>&1; done
  fi
  rm -rf "$TEST_DIR"
}

use_state() {
  export PORTICO_STATE_DIR=$1
  open_state
}

# ---- one suite ----

selected() { case $1 in *"$FILTER"*) return 0 ;; *) return 1 ;; esac; }

waits_for_others() {
  [ -z "${PORTICO_TEST_FULL:-}" ] || return 1
  case $1 in e2e/* | chaos | drain | faults | replicas | slow | tls) return 0 ;; *) return 1 ;; esac
}

# suite NAME COMMAND…: runs it, counts its tests, shows its output when it fails.
suite() {
  local name=$1 began rc log passed failed again=""
  shift
  selected "$name" || return 0
  if [ "$LIST" = 1 ]; then
    say "$name"
    return
  fi
  suite_ran=$((suite_ran + 1))
  log="$KEPT_LOGS/${name//[\/ ]/-}.log"
  began=$(now_ds)
  : >"$log"
  spin "$name" "$log" "$began" 9>&- &
  spinner_pid=$!
  ("$@") >"$log" 2>&1 </dev/null
  rc=$?
  read -r passed failed < <(python3 "$ROOT/config/dev/count.py" "$log" $rc)
  # Machines are shared: a suite in which whole processes and browsers wait for each other may fail once because it got
  # no CPU. It runs once more, and says so; what is broken fails again. Everything else passes at once, and --full
  # allows nobody a second try. What ran out of its time (124, 137) had enough.
  if [ "$failed" != 0 ] && [ $rc != 124 ] && [ $rc != 137 ] && waits_for_others "$name"; then
    cp "$log" "${log%.log}.first.log"
    again=", at the second try; the first: ${log%.log}.first.log"
    ("$@") >"$log" 2>&1 </dev/null
    rc=$?
    read -r passed failed < <(python3 "$ROOT/config/dev/count.py" "$log" $rc)
  fi
  stop_spinner
  suite_total_passed=$((suite_total_passed + passed))
  suite_total_failed=$((suite_total_failed + failed))
  if [ "$failed" = 0 ]; then
    tick "$(printf '%-28s %4d passed' "$name" "$passed") ${dim}($(took "$began")$again)${plain}"
    rm -f "$log"
    return 0
  fi
  cross "$(printf '%-28s %4d passed, %d failed' "$name" "$passed" "$failed") ${dim}($(took "$began"))${plain}"
  printf '  whole output: %s\n' "$log"
  # Without ctest's prefix and the program's own log, the failure itself is in sight.
  sed -E 's/^[0-9]+: //' "$log" | grep -v '^{"ts":' | tail -n 200 | cut -c 1-300 | sed 's/^/  │ /'
  return 1
}

# ---- what there is ----

ctest_names() { # PRESET: one name a line, for the programs CMake knows
  ctest --test-dir "$(build_dir "$1")" --show-only=json-v1 2>/dev/null |
    python3 -c 'import json, sys; print("\n".join(t["name"] for t in json.load(sys.stdin)["tests"]))'
}

any_ctest() { # PREFIX…: is one of the programs selected by its name behind one of these?
  local prefix
  for prefix in "$@"; do
    ctest_names dev | sed "s,^,$prefix," | grep -F -- "$FILTER" >/dev/null && return 0
  done
  return 1
}

run_ctest() { # PRESET NAME
  ctest --test-dir "$(build_dir "$1")" -R "^$2\$" -V --no-tests=error
}

ctest_suites() { # PRESET PREFIX
  local name
  for name in $(ctest_names "$1"); do suite "$2$name" run_ctest "$1" "$name"; done
}

# A script that hangs is a failure, not an endless run; with --full some work for long.
limited() {
  local most=15m
  [ -z "${PORTICO_TEST_FULL:-}" ] || most=90m
  timeout -k 10 $most "$@"
}

# The browser scripts of tests/e2e. One whose usage names --status needs a running portal; the others play the host.
browser_scripts() { # WITH|WITHOUT
  local file
  for file in "$ROOT"/tests/e2e/*.mjs; do
    [ -f "$file" ] || continue
    if grep -e '--status FILE' "$file" >/dev/null; then [ "$1" = with ] || continue; else [ "$1" = without ] || continue; fi
    basename "$file" .mjs
  done
}

browser_script() { # NAME
  if [ -n "${PORTICO_STATUS_FILE:-}" ]; then
    limited node "$ROOT/tests/e2e/$1.mjs" --status "$PORTICO_STATUS_FILE"
  else
    limited node "$ROOT/tests/e2e/$1.mjs" --web "$BUILD/web"
  fi
}

web_script() {
  cd "$ROOT/sdk/web" || return
  npm run --silent "$1"
}

room_scripts() { # other rooms of tests/ with an executable `run`
  local file
  for file in "$ROOT"/tests/*/run; do
    [ -x "$file" ] && [ "$file" != "$ROOT/tests/arch/run" ] && basename "$(dirname "$file")"
  done
}

# ---- services and stack ----

# A PostgreSQL and a Redis that only this run uses, and whose data is worth nothing.
start_test_services() {
  use_state "$TEST_DIR/services"
  export PG_FAST=1
  choose_port postgres 0 '' 0
  choose_port redis 0 '' 0
  start_stores || { suite_total_failed=$((suite_total_failed + 1)); return 1; }
  PORTICO_TEST_DATABASE_URL="postgresql://portico:$(secret database random_word 32)@127.0.0.1:$(port_of postgres)/portico?schema=public"
  PORTICO_TEST_REDIS_URL="redis://127.0.0.1:$(port_of redis)"
  PORTICO_TEST_PGDATA="$STATE/postgres/data"
  PORTICO_TEST_PG_BIN=$(pg_bin)
  export PORTICO_TEST_DATABASE_URL PORTICO_TEST_REDIS_URL PORTICO_TEST_PGDATA PORTICO_TEST_PG_BIN
}

# A whole portal as `./dev up` makes it, with ports and data of its own; twice, for the second must find it running.
stack_up() {
  export PG_FAST=1
  # All suites sign in from one address; what limits do is tested by hosts with limits of their own.
  export PORTICO_RATE_SIGN_IN='1000/60s per address' PORTICO_RATE_SIGN_UP='1000/60s per address' PORTICO_RATE_RESET='1000/60s per address'
  "$ROOT/dev" up --detach --no-setup --no-build || return
  "$ROOT/dev" up --detach --no-setup --no-build >"$TEST_DIR/second" || { cat "$TEST_DIR/second"; return 1; }
  grep -q 'host.*already running' "$TEST_DIR/second" || { cat "$TEST_DIR/second"; return 1; }
  "$ROOT/dev" status --json >"$PORTICO_STATUS_FILE" || return
  python3 - "$PORTICO_STATUS_FILE" <<'PY'
import json, sys
status = json.load(open(sys.argv[1]))
assert status["host"]["ready"] is True, status
assert {"url", "identifier", "secret"} == set(status["sandbox"]["whmcs"]), status
assert len(status["samples"]) == 2 and all(len(s["password"]) >= 15 for s in status["samples"]), status
PY
}

need_stack() {
  [ -n "${stack_running:-}" ] && return "$stack_running"
  export PORTICO_STATE_DIR=$TEST_DIR/stack PORTICO_STATUS_FILE=$TEST_DIR/status.json
  local wanted=$FILTER
  FILTER='' # whatever the name: the suites that need it were chosen
  suite stack stack_up
  stack_running=$?
  FILTER=$wanted
  open_state
  PORTICO_URL=$(host_url)
  export PORTICO_URL
  return $stack_running
}

stack_suite() {
  selected "$1" || return 0
  if [ "$LIST" = 1 ]; then say "$1"; return; fi
  if need_stack; then
    suite "$@"
  else
    cross "$1 cannot run: the portal did not start"
    suite_total_failed=$((suite_total_failed + 1)) suite_ran=$((suite_ran + 1))
  fi
}

check_openapi() {
  curl -sSf -m 20 -o "$TEST_DIR/openapi.json" "$PORTICO_URL/api/openapi.json" || return
  REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true "$ROOT/sdk/web/node_modules/.bin/redocly" lint "$TEST_DIR/openapi.json"
}

# The types the pages were written against are those of the running host's own document.
check_api_types() {
  local types="$ROOT/sdk/web/src/api/types.gen.ts"
  curl -sSf -m 20 -o "$TEST_DIR/openapi.json" "$PORTICO_URL/api/openapi.json" || return
  cd "$ROOT/sdk/web" || return
  node --input-type=module -e '
    import types, { astToString } from "openapi-typescript";
    process.stdout.write(astToString(await types(new URL("file://" + process.argv[1]))));' "$TEST_DIR/openapi.json" >"$TEST_DIR/types.ts" || return
  # The checked-in file has one line of its own above.
  diff -u <(tail -n +2 "$types") "$TEST_DIR/types.ts" || { echo "renew them: ./dev up"; return 1; }
}

check_metrics() {
  curl -sSf -m 20 -o "$TEST_DIR/metrics.txt" "$PORTICO_URL/metrics" || return
  promtool check metrics <"$TEST_DIR/metrics.txt"
}

stack_suites() {
  local name
  [ -x "$BUILD/bin/portico" ] && [ -x "$BUILD/bin/sandbox" ] || return 0
  stack_suite openapi check_openapi
  [ -f "$ROOT/sdk/web/src/api/types.gen.ts" ] && stack_suite api-types check_api_types
  stack_suite metrics check_metrics
  for name in $(browser_scripts with); do stack_suite "e2e/$name" browser_script "$name"; done
  for name in $(room_scripts); do stack_suite "$name" limited "$ROOT/tests/$name/run"; done
}

# The programs, and whole hosts where they meet the most: several of them, and everything around them failing.
sanitizer_suites() {
  local preset room
  export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_stack_use_after_return=1} UBSAN_OPTIONS=${UBSAN_OPTIONS:-halt_on_error=1:print_stacktrace=1}
  export TSAN_OPTIONS=${TSAN_OPTIONS:-halt_on_error=1}
  export LSAN_OPTIONS=${LSAN_OPTIONS:-suppressions=$ROOT/tests/lsan.supp:print_suppressions=0}
  [ -f "$ROOT/tests/tsan.supp" ] && TSAN_OPTIONS="$TSAN_OPTIONS:suppressions=$ROOT/tests/tsan.supp"
  for preset in asan tsan; do
    any_ctest "$preset/" || selected "$preset/replicas" || selected "$preset/faults" || continue # nothing to build it for
    [ "$LIST" = 1 ] || (build_cpp $preset all) || { suite_total_failed=$((suite_total_failed + 1)); continue; }
    ctest_suites $preset "$preset/"
    for room in replicas faults; do
      suite "$preset/$room" limited env PORTICO_TEST_BUILD_DIR="$(build_dir $preset)" PORTICO_TEST_FULL= "$ROOT/tests/$room/run"
    done
  done
}

# What ships is built by another preset than the tests; at least its configuration is seen every day.
configure_preset() { # PRESET
  cd "$ROOT" && cmake --preset "$1" -B "$TEST_DIR/configured-$1" >/dev/null && rm -rf "$TEST_DIR/configured-$1"
}

# The one closing line, and the status that goes with it.
closing_line() {
  say
  printf '%d passed, %d failed\n' $suite_total_passed $suite_total_failed
  [ $suite_total_failed -eq 0 ]
}

cmd_test() {
  local full=0 build=1 name
  FILTER='' LIST=0
  while [ $# -gt 0 ]; do
    case $1 in
      --full) full=1; export PORTICO_TEST_FULL=1 ;;
      --list) LIST=1 ;;
      --no-build) build=0 ;;
      -*) unknown "$1" ;;
      *) [ -z "$FILTER" ] || unknown "$1"; FILTER=$1 ;;
    esac
    shift
  done
  command -v python3 >/dev/null || die "python3 is missing" "./dev setup"
  case $FILTER in
    arch | dev | web) ;; # these need nothing built
    *)
      if [ $LIST = 0 ] && [ $build = 1 ]; then
        lock_state
        run_build dev
        unlock_state
      fi
      ;;
  esac
  open_test_run

  [ -x "$ROOT/tests/arch/run" ] && suite arch "$ROOT/tests/arch/run"
  suite dev "$ROOT/config/dev/selftest"
  if [ -f "$BUILD/build.ninja" ]; then
    suite preset/release configure_preset release
    local kinds=('')
    [ $full = 0 ] || kinds+=(asan/ tsan/)
    if [ $LIST = 1 ] || ! any_ctest "${kinds[@]}" || start_test_services; then
      ctest_suites dev ''
      [ $full = 0 ] || sanitizer_suites
    fi
    [ $full = 1 ] && search_suites
  fi
  if [ -f "$ROOT/sdk/web/package.json" ]; then
    use_node || die "no Node $kNodeVersion or later" "run ./dev setup"
    suite web web_script test
    for name in $(browser_scripts without); do suite "e2e/$name" browser_script "$name"; done
  fi
  stack_suites
  [ $LIST = 1 ] && return
  [ $suite_ran -gt 0 ] || [ $suite_total_failed -gt 0 ] || die "no suite has '$FILTER' in its name" "./dev test --list"
  closing_line
}

cmd_e2e() {
  local running=0 name
  FILTER=e2e/ LIST=0
  while [ $# -gt 0 ]; do
    case $1 in
      --running) running=1 ;;
      -*) unknown "$1" ;;
      *) FILTER=e2e/$1 ;;
    esac
    shift
  done
  use_node || die "no Node $kNodeVersion or later" "run ./dev setup"
  if [ $running = 1 ]; then
    { is_running host && host_ready; } || die "the portal is not up" "./dev up --detach"
    stack_running=0 PORTICO_URL=$(host_url)
    export PORTICO_URL
  else
    lock_state
    run_cpp dev product
    build_web dev || exit 1
    unlock_state
  fi
  open_test_run
  for name in $(browser_scripts without); do suite "e2e/$name" browser_script "$name"; done
  if [ $running = 1 ]; then
    export PORTICO_STATUS_FILE=$TEST_DIR/status.json
    status_json >"$PORTICO_STATUS_FILE"
  fi
  stack_suites
  [ $suite_ran -gt 0 ] || die "there is no browser script with that name" "./dev test --list"
  closing_line
}
