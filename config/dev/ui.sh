# What ./dev says: steps with progress, failures with the way to mend them.
# shellcheck shell=bash

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
  bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' green=$'\e[32m' yellow=$'\e[33m' plain=$'\e[0m'
else
  bold='' dim='' red='' green='' yellow='' plain=''
fi
if [ -t 1 ] && [ "${TERM:-dumb}" != dumb ] && [ -z "${CI:-}" ]; then kLive=1; else kLive=0; fi
spinner_pid=''

say() { printf '%s\n' "$*"; }
note() { printf '%s\n' "${dim}  $*${plain}"; }
warn() { printf '%s\n' "${yellow}! $*${plain}" >&2; }
tick() { printf '%s\n' "${green}✓${plain} $*"; }
cross() { printf '%s\n' "${red}✗${plain} $*"; }

# die MESSAGE [HOW TO MEND]: ends the command.
die() {
  printf '%s\n' "${red}✗ $1${plain}" >&2
  if [ -n "${2:-}" ]; then printf '  To mend it: %s\n' "$2" >&2; fi
  exit 1
}

# now_ds: tenths of a second, for durations only.
now_ds() { printf '%s' $((${EPOCHREALTIME//[.,]/} / 100000)); }

# took START_DS: "3.4 s" or "2 min 05 s".
took() {
  local ds=$(($(now_ds) - $1))
  if [ $ds -lt 600 ]; then
    printf '%d.%d s' $((ds / 10)) $((ds % 10))
  else
    printf '%d min %02d s' $((ds / 600)) $((ds % 600 / 10))
  fi
}

# last_words LOG WIDTH: the last line of a log, fit for one terminal line.
last_words() {
  tail -c 600 "$1" 2>/dev/null | tr '\r' '\n' | sed 's/\x1b\[[0-9;?]*[A-Za-z]//g' | awk 'NF{l=$0} END{print l}' | cut -c "1-$2"
}

spin() {
  local label=$1 log=$2 began=$3 width=80 frames='⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏' i=0 quiet_until=150 head room
  if [ "$kLive" = 1 ]; then
    width=$(tput cols 2>/dev/null || printf 80)
    while kill -0 $$ 2>/dev/null; do
      head="$label $(took "$began")"
      room=$((width - ${#head} - 8))
      [ $room -lt 0 ] && room=0
      printf '\r\e[K%s %s %s%s%s' "${frames:i++ % 10:1}" "$head" "$dim" "$([ $room -gt 9 ] && last_words "$log" $room)" "$plain"
      sleep 0.2
    done
  fi
  # No terminal: a line now and then tells that it lives and how far it is.
  while kill -0 $$ 2>/dev/null; do
    sleep 1
    if [ $(($(now_ds) - began)) -ge $quiet_until ]; then
      printf '  … %s (%s) %s\n' "$label" "$(took "$began")" "$(last_words "$log" 90)"
      quiet_until=$((quiet_until + 300))
    fi
  done
}

stop_spinner() {
  [ -n "$spinner_pid" ] || return 0
  kill -KILL "$spinner_pid" 2>/dev/null # it may have inherited that TERM is ignored
  wait "$spinner_pid" 2>/dev/null
  spinner_pid=''
  [ "$kLive" = 1 ] && printf '\r\e[K'
  return 0
}

# show_failure LOG: what a reader needs of a failed step's log.
show_failure() {
  local log=$1 errors
  errors=$(grep -nE '(^|[^a-z])(error|fatal error|FAILED)[: ]|undefined reference|CMake Error' "$log" 2>/dev/null | head -n 8)
  if [ -n "$errors" ] && [ "$(wc -l <"$log")" -gt 30 ]; then
    printf '  first errors:\n'
    printf '%s\n' "$errors" | cut -c 1-240 | sed 's/^/  │ /'
  fi
  printf '  last lines of %s:\n' "$log"
  tail -n "${PORTICO_LOG_LINES:-25}" "$log" | cut -c 1-240 | sed 's/^/  │ /'
}

# step LABEL HINT COMMAND…: runs the command with its output in a log; on failure shows it and returns its status.
# `set -e` would be ignored here (the caller tests our status), so the functions run as steps end with what failed.
step() {
  local label=$1 hint=$2 began rc log
  shift 2
  log="$LOGS/$(printf '%s' "$label" | tr -cs 'A-Za-z0-9\n' '-' | sed 's/-*$//').log"
  began=$(now_ds)
  : >"$log"
  spin "$label" "$log" "$began" 9>&- &
  spinner_pid=$!
  ("$@") >"$log" 2>&1 </dev/null
  rc=$?
  stop_spinner
  if [ $rc -eq 0 ]; then
    tick "$label ${dim}($(took "$began"))${plain}"
  else
    cross "$label failed after $(took "$began")"
    show_failure "$log"
    [ -n "$hint" ] && printf '  To mend it: %s\n' "$hint"
  fi
  return $rc
}
