# Sample customers, made through the portal's own API as a person would: sign up, read the mail, follow the link.
# shellcheck shell=bash

# api METHOD PATH JAR [JSON]: answers with the status code; the body stands in $STATE/samples/answer.json.
api() {
  local method=$1 path=$2 jar=$3
  shift 3
  curl -sS -m 30 -o "$STATE/samples/answer.json" -w '%{http_code}' -X "$method" -c "$jar" -b "$jar" \
    -H 'X-Portico-CSRF: 1' -H "Origin: $(host_url)" -H 'Content-Type: application/json' -H 'Accept: application/json' \
    ${1:+--data-binary @-} "$(host_url)$path" <<<"${1:-}"
}

refused() {
  printf '%s answered %s:\n' "$1" "$2"
  cat "$STATE/samples/answer.json"
  return 1
}

kMailScript='
import json, re, sys
after, newest, token = int(sys.argv[1]), 0, ""
for message in json.load(sys.stdin):
    newest = max(newest, message["id"])
    found = re.search(r"/auth/verify#token=([A-Za-z0-9._~-]+)", message["text"])
    if found and message["id"] > after:
        token = found.group(1)
print(newest, token)'

# mail_for EMAIL AFTER: "NEWEST_ID TOKEN" of the mails to an address; TOKEN only from one newer than AFTER.
mail_for() { curl -sS -m 5 "$(sandbox_url)/mail/messages?to=${1/@/%40}" | python3 -c "$kMailScript" "$2"; }

# Mail comes a moment after the answer that announces it.
mailed_token() {
  local until=$((SECONDS + 20)) token=''
  while :; do
    read -r _ token < <(mail_for "$1" "$2")
    [ -n "$token" ] && break
    [ $SECONDS -lt $until ] || return 1
    sleep 0.2
  done
  printf '%s' "$token"
}

make_sample() {
  local email=$1 password first jar status token before
  mkdir -p -m 0700 "$STATE/samples"
  password=$(secret sample_password sample_password 20)
  jar="$STATE/samples/cookies"
  rm -f "$jar"
  status=$(api POST /api/auth/login "$jar" "{\"email\":\"$email\",\"password\":\"$password\"}")
  if [ "$status" != 200 ]; then
    first=${email%%@*}
    read -r before _ < <(mail_for "$email" 0)
    status=$(api POST /api/auth/signup "$jar" "{\"email\":\"$email\",\"password\":\"$password\",\"first_name\":\"${first^}\",
      \"last_name\":\"Sample\",\"phone\":\"+81 3 0000 0000\",\"language\":\"$2\",\"accept_terms\":true,
      \"address\":{\"line1\":\"1-2-3 Sample\",\"city\":\"Chiyoda-ku\",\"state\":\"Tokyo\",\"postcode\":\"100-0001\",\"country\":\"JP\"}}")
    [ "$status" = 202 ] || { refused sign-up "$status"; return; }
    token=$(mailed_token "$email" "$before") || { echo "no mail with a sign-up link came for $email"; return 1; }
    status=$(api POST /api/auth/signup/confirm "$jar" "{\"token\":\"$token\"}")
    [ "$status" = 200 ] || { refused "the mailed link" "$status"; return; }
  fi
  api POST /api/auth/logout "$jar" >/dev/null
  rm -f "$jar"
  grep -qxF "$email" "$STATE/samples/made" 2>/dev/null || printf '%s\n' "$email" >>"$STATE/samples/made"
}

# A pass phrase the rules accept: letters and digits in groups.
sample_password() { random_word "$1" | sed -E 's/(.{5})(.{5})(.{5})(.{5})/\1-\2-\3-\4/'; }

make_samples() {
  make_sample aoi@sample.example en && make_sample haru@sample.example ja
}

samples_json() {
  local email comma=''
  [ -f "$STATE/samples/made" ] || return 0
  while read -r email; do
    printf '%s{"email":"%s","password":"%s"}' "$comma" "$email" "$(cat "$STATE/secrets/sample_password")"
    comma=,
  done <"$STATE/samples/made"
}
