# The private PostgreSQL and Redis, the sandbox and the host: made, started, stopped, asked.
# shellcheck shell=bash

kServices='postgres redis sandbox host'

random_secret() { head -c "$1" /dev/urandom | base64 -w 0; }
random_word() { head -c 256 /dev/urandom | base64 -w 0 | tr -dc 'A-Za-z0-9' | cut -c "1-$1"; }

# Secrets are made once and live in files only their owner reads; they never stand in a process's arguments.
secret() {
  local file="$STATE/secrets/$1"
  if [ ! -s "$file" ]; then
    mkdir -p -m 0700 "$STATE/secrets"
    (umask 077 && "$2" "$3" >"$file.new" && mv "$file.new" "$file")
  fi
  cat "$file"
}

# ---- PostgreSQL ----

# The programs of the version that made the data folder, else the newest from 15 on.
pg_bin() {
  local version
  version=$(cat "$STATE/postgres/data/PG_VERSION" 2>/dev/null)
  if [ -n "$version" ]; then
    printf '/usr/lib/postgresql/%s/bin' "$version"
  else
    find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1
  fi
}

# PostgreSQL refuses root: there it runs as `postgres`.
pg_user() { if [ "$(id -u)" = 0 ]; then printf postgres; else id -un; fi; }
as_pg() {
  if [ "$(id -u)" = 0 ]; then
    (cd / && bare runuser -u postgres -- env -u LD_LIBRARY_PATH LC_ALL=C.UTF-8 "$@")
  else
    (cd / && bare env LC_ALL=C.UTF-8 "$@")
  fi
}

# A socket's path has at most 107 bytes; a long home folder gets one elsewhere.
pg_socket() {
  local dir="$STATE/postgres/socket"
  [ ${#dir} -le 80 ] || dir="/tmp/portico-$(printf '%s' "$STATE" | sha256sum | cut -c 1-10)"
  printf '%s' "$dir"
}

# The superuser comes in over the socket only, which only its owner may open.
pg_sql() { as_pg "$(pg_bin)/psql" -X -q -v ON_ERROR_STOP=1 -h "$(pg_socket)" -p "$(port_of postgres)" -U postgres "$@"; }

pg_pid() {
  local pid
  pid=$(head -n 1 "$STATE/postgres/data/postmaster.pid" 2>/dev/null) || return 1
  [ -n "$pid" ] && tr '\0' '\n' <"/proc/$pid/cmdline" 2>/dev/null | grep -xF "$STATE/postgres/data" >/dev/null && printf '%s' "$pid"
}

pg_answers() { pg_pid >/dev/null && pg_sql -d postgres -c 'select 1' >/dev/null 2>&1; }

# PG_FAST=1 (tests): no waiting for the disk, the data does not outlive the run.
pg_make() {
  local data="$STATE/postgres/data" bin
  bin=$(pg_bin)
  [ -x "$bin/initdb" ] || { echo "no PostgreSQL programs under /usr/lib/postgresql (data folder made by version: $(cat "$data/PG_VERSION" 2>/dev/null || echo none))"; return 1; }
  if [ ! -f "$data/PG_VERSION" ]; then
    rm -rf "$STATE/postgres"
    mkdir -m 0700 "$STATE/postgres" || return
    if [ "$(id -u)" = 0 ]; then chown postgres: "$STATE/postgres" || return; fi
    as_pg "$bin/initdb" -D "$data.new" -U postgres --encoding=UTF8 --locale=C.UTF-8 --auth=scram-sha-256 --auth-local=peer --no-instructions ${PG_FAST:+--no-sync} || return
    as_pg mv "$data.new" "$data" || return
  fi
  as_pg mkdir -p -m 0700 "$(pg_socket)" || return
  as_pg tee "$data/pg_hba.conf" >/dev/null <<HBA
# Written by ./dev. The superuser: over the socket, as the owner of this cluster. Everybody else: loopback with a password.
local all postgres peer map=dev
host  all postgres all reject
host  all all 127.0.0.1/32 scram-sha-256
HBA
  printf 'dev %s postgres\n' "$(pg_user)" | as_pg tee "$data/pg_ident.conf" >/dev/null
  as_pg tee "$data/postgresql.auto.conf" >/dev/null <<CONF
# Written by ./dev at every start.
listen_addresses = '127.0.0.1'
port = $(port_of postgres)
unix_socket_directories = '$(pg_socket)'
unix_socket_permissions = 0700
max_connections = 200
password_encryption = 'scram-sha-256'
log_timezone = 'UTC'
timezone = 'UTC'
${PG_FAST:+fsync = off
synchronous_commit = off
full_page_writes = off}
CONF
}

pg_start() {
  pg_make || return
  as_pg "$(pg_bin)/pg_ctl" start -w -t 60 -s -D "$STATE/postgres/data" -l "$STATE/postgres/server.log" ||
    { as_pg tail -n 20 "$STATE/postgres/server.log"; return 1; }
  pg_sql -d postgres -c 'select 1' >/dev/null
}

# The login the portal uses: owns its database and may make the plugins' roles, but is no superuser.
pg_prepare() {
  local password
  password=$(secret database random_word 32)
  pg_sql -d postgres <<SQL || return
do \$\$ begin
  if not exists (select from pg_roles where rolname = 'portico') then create role portico; end if;
end \$\$;
alter role portico login createrole createdb nosuperuser password '$password';
SQL
  if [ -z "$(pg_sql -d postgres -A -t -c "select 1 from pg_database where datname = 'portico'")" ]; then
    pg_sql -d postgres -c 'create database portico owner portico' || return
  fi
  touch "$STATE/postgres/prepared"
}

pg_stop() {
  pg_pid >/dev/null || return 0
  as_pg "$(pg_bin)/pg_ctl" stop -s -m fast -w -t 30 -D "$STATE/postgres/data" || as_pg "$(pg_bin)/pg_ctl" stop -s -m immediate -w -D "$STATE/postgres/data"
}

# ---- Redis ----

redis_answers() {
  local reply=''
  exec 8<>"/dev/tcp/127.0.0.1/$(port_of redis)" || return 1
  printf 'PING\r\n' >&8 && IFS= read -r -t 2 reply <&8
  exec 8>&-
  [ "$reply" = $'+PONG\r' ]
} 2>/dev/null

# Nothing is kept on disk: the portal may lose Redis at any time.
redis_start() {
  mkdir -p -m 0700 "$STATE/redis" || return
  cat >"$STATE/redis/redis.conf" <<CONF
bind 127.0.0.1
port $(port_of redis)
dir $STATE/redis
save ""
appendonly no
daemonize no
CONF
  launch redis redis-server "$STATE/redis/redis.conf"
  wait_for redis 20 redis_answers
}

# ---- sandbox ----

# What the sandbox accepts unless told otherwise (examples/sandbox/README.md): no secrets, it plays on loopback only.
kSandboxIdentifier=sandboxIdentifier000000000000001
kSandboxSecret=sandboxSecret0000000000000000001
kSandboxOemId=sandboxOem
kSandboxOemKey=sandboxOemKey000000000000000001
kSandboxConsumer=3MVG9sandboxConsumerKey00000000000000000001
kSandboxUsername=integration@portal.sample.example

sandbox_url() { printf 'http://127.0.0.1:%s' "$(port_of sandbox)"; }
answers_200() { [ "$(curl -s -o /dev/null -m 2 -w '%{http_code}' "$1")" = 200 ]; }
sandbox_ready() { [ -s "$RUN/sandbox.ready" ] && answers_200 "$(sandbox_url)/mail/messages"; }

sandbox_start() {
  rm -f "$RUN/sandbox.ready"
  mkdir -p -m 0700 "$STATE/sandbox" || return
  sandbox_facts >"$RUN/sandbox.made_of"
  launch sandbox "$BUILD/bin/sandbox" --port "$(port_of sandbox)" --smtp-port "$(port_of smtp)" \
    --pubsub-port "$(port_of pubsub)" --state "$STATE/sandbox/state.json" --ready-file "$RUN/sandbox.ready"
  wait_for sandbox 20 sandbox_ready
}

# What a running service was made of; when that changes, `up` starts it anew.
made_of() { stat -c '%n %Y %s' "$@" 2>/dev/null; }
sandbox_facts() {
  made_of "$BUILD/bin/sandbox"
  grep -E '^(sandbox|smtp|pubsub)=' "$STATE/ports"
}

# ---- host ----

host_url() { printf 'http://localhost:%s' "$(port_of http)"; }
host_ready() { answers_200 "http://127.0.0.1:$(port_of http)/readyz"; }

write_environment() {
  local whmcs
  whmcs=$(sandbox_url)/whmcs
  (
    umask 077
    cat >"$STATE/environment.new" <<ENV
# Written by ./dev: what the host runs with.
DATABASE_URL='postgresql://portico:$(secret database random_word 32)@127.0.0.1:$(port_of postgres)/portico?schema=public'
REDIS_URL='redis://127.0.0.1:$(port_of redis)'
JWT_SECRET='$(secret jwt random_secret 48)'
PASSWORD_PEPPER='$(secret pepper random_secret 32)'
PORTICO_SEAL_KEY='$(secret seal random_secret 32)'
PORTICO_HTTP_PORT='$(port_of http)'
PORTICO_PUBLIC_URL='$(host_url)'
PORTICO_HTTP_DRAIN_NOTICE_MS='0'
PORTICO_PLUGIN_PATH='$BUILD/plugins'
WHMCS_BASE_URL='$whmcs'
WHMCS_API_IDENTIFIER='$kSandboxIdentifier'
WHMCS_API_SECRET='$kSandboxSecret'
PORTICO_PLUGINS_FREEBIT_ENABLED='true'
FREEBIT_API_BASE_URL='$(sandbox_url)/freebit/emptool/api'
FREEBIT_CLIENT_ID='$kSandboxOemId'
FREEBIT_CLIENT_SECRET='$kSandboxOemKey'
PORTICO_PLUGINS_SALESFORCE_ENABLED='true'
SF_LOGIN_URL='$(sandbox_url)'
SF_CLIENT_ID='$kSandboxConsumer'
SF_USERNAME='$kSandboxUsername'
SF_PRIVATE_KEY_PATH='$STATE/sandbox/salesforce_key.pem'
SF_PUBSUB_ENDPOINT='127.0.0.1:$(port_of pubsub)'
SF_PUBSUB_CA_FILE='$STATE/sandbox/pubsub_tls/ca.pem'
SMTP_URL='smtp://127.0.0.1:$(port_of smtp)'
ENV
  )
  if ! cmp -s "$STATE/environment.new" "$STATE/environment"; then
    mv "$STATE/environment.new" "$STATE/environment"
  else
    rm "$STATE/environment.new"
  fi
}

# with_environment COMMAND…: from the checkout's root, with the host's variables.
with_environment() (
  cd "$ROOT" || exit 1
  set -a
  # shellcheck disable=SC1091 # written at run time
  . "$STATE/environment"
  set +a
  "$@"
)

host_facts() {
  sha256sum <"$STATE/environment"
  made_of "$BUILD/bin/portico" "$BUILD"/plugins/*/*.so "$BUILD/web.made_of" "$ROOT"/config/*.properties "$ROOT"/config/plugins/*.properties
}

host_start() {
  host_facts >"$RUN/host.made_of"
  with_environment launch host "$BUILD/bin/portico" serve
  wait_for host 60 host_ready
}

# ---- all of them ----

is_running() { if [ "$1" = postgres ]; then pg_pid >/dev/null; else service_pid "$1" >/dev/null; fi; }

service_answers() {
  case $1 in
    postgres) pg_answers ;;
    redis) redis_answers ;;
    sandbox) sandbox_ready ;;
    host) host_ready ;;
  esac
}

stop_one() {
  case $1 in
    postgres) pg_stop ;;
    host) stop_service host 30 ;;
    *) stop_service "$1" 10 ;;
  esac
}

choose_ports() {
  local running
  port_state() { if is_running "$1"; then running=1; else running=0; fi; }
  port_state postgres && choose_port postgres 15432 "${FIXED_postgres:-}" $running
  port_state redis && choose_port redis 16379 "${FIXED_redis:-}" $running
  port_state sandbox && choose_port sandbox 8180 "${FIXED_sandbox:-}" $running && choose_port smtp 8125 "${FIXED_smtp:-}" $running &&
    choose_port pubsub 8190 "${FIXED_pubsub:-}" $running
  port_state host && choose_port http 8080 "${FIXED_http:-}" $running
}

# A service whose port or parts changed is stopped here and started again by start_one.
stop_outdated() {
  local name
  for name in host sandbox; do
    is_running $name || continue
    [ "$("${name}_facts")" = "$(cat "$RUN/$name.made_of" 2>/dev/null)" ] && continue
    step "stop the $name (it has changed)" '' stop_one $name
  done
  if is_running redis && ! grep -qx "port $(port_of redis)" "$STATE/redis/redis.conf"; then stop_one redis; fi
  if is_running postgres && [ "$(sed -n 4p "$STATE/postgres/data/postmaster.pid")" != "$(port_of postgres)" ]; then stop_one postgres; fi
}

# start_one NAME LABEL HINT: starts it unless it runs and answers.
STARTED=''
start_one() {
  if is_running "$1" && service_answers "$1"; then
    tick "$2 ${dim}(already running)${plain}"
    return
  fi
  stop_one "$1"
  STARTED="$1 $STARTED"
  step "$2" "$3" "$4" || return 1
}

start_stores() {
  start_one postgres PostgreSQL "if the data folder is broken: ./dev reset" pg_start &&
    { [ -f "$STATE/postgres/prepared" ] || step "database and login" "./dev reset makes a fresh one" pg_prepare; } &&
    start_one redis Redis "see ./dev logs redis" redis_start
}
