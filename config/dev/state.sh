# Where ./dev keeps what it runs: the state folder, remembered ports, and processes it may stop.
# shellcheck shell=bash

# Root cannot keep it in the checkout or in /root: PostgreSQL runs as `postgres`, which may enter neither.
default_state() {
  local id
  id=$(printf '%s' "$ROOT" | sha256sum | cut -c 1-10)
  if [ "$(id -u)" = 0 ]; then
    printf '/var/tmp/portico-%s' "$id"
  else
    printf '%s/portico-%s' "${XDG_STATE_HOME:-$HOME/.local/state}" "$id"
  fi
}

open_state() {
  STATE=${PORTICO_STATE_DIR:-$(default_state)}
  TOOLS=${PORTICO_TOOLS_DIR:-$STATE/tools}
  LOGS=$STATE/log RUN=$STATE/run
  if [ -L "$STATE" ] || { [ -e "$STATE" ] && [ "$(stat -c %u "$STATE")" != "$(id -u)" ]; }; then
    die "the state folder $STATE belongs to somebody else" "remove it, or name another with PORTICO_STATE_DIR"
  fi
  mkdir -p "$STATE" && mkdir -p -m 0700 "$LOGS" "$RUN" || die "cannot make the state folder $STATE" "check the disk, or name another folder with PORTICO_STATE_DIR"
  chmod 0711 "$STATE" # `postgres` must be able to walk through, and see nothing
}

# One command that changes the state at a time; the lock's descriptor (9) is closed in everything started.
lock_state() {
  exec 9>"$STATE/lock"
  flock -n 9 && return
  say "Waiting for another ./dev on this checkout to end …"
  flock 9
}
unlock_state() { exec 9>&-; }

# ---- ports ----

# port_inode PORT: socket inode of whoever listens on it, empty when free.
port_inode() {
  local hex
  hex=$(printf '%04X' "$1")
  awk -v port=":$hex" '$4 == "0A" && substr($2, length($2) - 4) == port { print $10; exit }' /proc/net/tcp /proc/net/tcp6 2>/dev/null
}

# port_owner PORT: "name (process 123)" as far as we may see it.
port_owner() {
  local inode fd pid
  inode=$(port_inode "$1")
  fd=$(find /proc/[0-9]*/fd -lname "socket:\[$inode\]" -print -quit 2>/dev/null)
  pid=${fd#/proc/} pid=${pid%%/*}
  if [ -n "$pid" ]; then
    printf '%s (process %s)' "$(cat "/proc/$pid/comm" 2>/dev/null)" "$pid"
  else
    printf "another user's process"
  fi
}

port_of() { sed -n "s/^$1=//p" "$STATE/ports" 2>/dev/null; }

remember_port() {
  touch "$STATE/ports"
  sed -i "/^$1=/d" "$STATE/ports"
  printf '%s=%s\n' "$1" "$2" >>"$STATE/ports"
}

# choose_port NAME FIRST FIXED RUNNING: keeps the remembered port, or finds a free one from FIRST upwards.
# FIXED (may be empty) is what the person asked for: then "taken" is an error. RUNNING=1: it is ours that listens.
choose_port() {
  local name=$1 port=$2 fixed=$3 running=$4 old
  old=$(port_of "$name")
  if [ -n "$fixed" ]; then
    case $fixed in *[!0-9]*) die "--$name-port wants a number, not '$fixed'" ;; esac
    if [ "$fixed" -lt 1 ] || [ "$fixed" -gt 65535 ]; then die "--$name-port: $fixed is no port number"; fi
    [ "$fixed" = "$old" ] && [ "$running" = 1 ] && return
    [ -n "$(port_inode "$fixed")" ] && die "port $fixed is taken by $(port_owner "$fixed")" "stop it, or choose another --$name-port"
    remember_port "$name" "$fixed"
    return
  fi
  if [ -n "$old" ]; then
    if [ "$running" = 1 ] || [ -z "$(port_inode "$old")" ]; then return; fi
    note "port $old ($name) is now taken by $(port_owner "$old"): choosing another"
  fi
  # A state folder of its own (a test) starts somewhere by chance, so that two of them rarely meet.
  [ -n "${PORTICO_STATE_DIR:-}" ] && port=$((20000 + (RANDOM * 32768 + RANDOM) % 11000))
  while [ -n "$(port_inode "$port")" ] || grep -q "=$port\$" "$STATE/ports" 2>/dev/null; do port=$((port + 1)); done
  remember_port "$name" "$port"
}

# ---- processes ----
# run/NAME.pid holds "PID START": the kernel's start time tells our process from a later one with the same number.

process_start() { sed 's/^.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20; }

# service_pid NAME: the pid when that very process still runs.
service_pid() {
  local pid start
  read -r pid start 2>/dev/null <"$RUN/$1.pid" || return 1
  [ -n "$start" ] && [ "$(process_start "$pid")" = "$start" ] && [ "$(sed 's/^.*) //' "/proc/$pid/stat" 2>/dev/null | cut -c 1)" != Z ] || return 1
  printf '%s' "$pid"
}

# bare COMMAND…: becomes the command, with no descriptor but the first three: what stays must not hold a lock (our own, or
# one that somebody ran ./dev under) or a pipe that somebody reads to its end.
bare() {
  local fd
  for fd in /proc/self/fd/*; do
    fd=${fd##*/}
    [ "$fd" -le 2 ] || eval "exec $fd>&-"
  done
  exec "$@"
}

# launch NAME COMMAND…: in its own session, output to log/NAME.log (the one before is kept as .1).
launch() {
  local name=$1 pid
  shift
  [ -s "$LOGS/$name.log" ] && mv "$LOGS/$name.log" "$LOGS/$name.log.1"
  bare setsid "$@" >"$LOGS/$name.log" 2>&1 </dev/null &
  pid=$!
  printf '%s %s\n' "$pid" "$(process_start $pid)" >"$RUN/$name.pid"
}

# wait_for NAME SECONDS COMMAND…: until the command succeeds; fails at once when the service has died.
wait_for() {
  local name=$1 until=$((SECONDS + $2))
  shift 2
  until "$@"; do
    if ! service_pid "$name" >/dev/null; then
      printf '%s ended by itself. Its log (%s):\n' "$name" "$LOGS/$name.log"
      tail -n 20 "$LOGS/$name.log"
      return 1
    fi
    if [ $SECONDS -ge $until ]; then
      printf '%s does not answer. Its log (%s):\n' "$name" "$LOGS/$name.log"
      tail -n 20 "$LOGS/$name.log"
      return 1
    fi
    sleep 0.1
  done
}

# stop_service NAME SECONDS: asks, waits, then insists; only ever the process that launch started.
stop_service() {
  local name=$1 pid until=$((SECONDS + $2))
  if pid=$(service_pid "$name"); then
    kill -TERM "$pid" 2>/dev/null
    while service_pid "$name" >/dev/null && [ $SECONDS -lt $until ]; do sleep 0.1; done
    if service_pid "$name" >/dev/null; then
      warn "$name did not stop within $2 s and is killed"
      kill -KILL "$pid" 2>/dev/null
      while service_pid "$name" >/dev/null; do sleep 0.1; done
    fi
  fi
  rm -f "$RUN/$name.pid" "$RUN/$name.made_of"
}
