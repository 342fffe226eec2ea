#!/bin/sh
# The same as the Go program beside it, for a place that has a shell and curl only:
#
#   MAILGRANT_KEY=… ./probe.sh SERVICE GRANT [SEND_FROM SEND_TO]
#
# The token is $TOKEN, or that of the managed identity of the place (App Service and
# Functions: IDENTITY_ENDPOINT; elsewhere: the metadata service), which AZURE_CLIENT_ID
# names where there are several. GRAPH_ENDPOINT stands for https://graph.microsoft.com.
#
# Token, code and key are never printed, and never arguments of a process, which everybody
# on the machine sees. Exit codes: 0 as granted, 1 contradicted, 2 failed, 3 not proved.
set -u
umask 077

fail() { echo "probe: $*" >&2; exit 2; }

[ $# -eq 2 ] || [ $# -eq 4 ] || fail "usage: MAILGRANT_KEY=... probe.sh SERVICE GRANT [SEND_FROM SEND_TO]"
[ -n "${MAILGRANT_KEY:-}" ] || fail "MAILGRANT_KEY is not set: it holds the function key"
command -v curl >/dev/null || fail "curl is needed"
service=${1%/}
grant=$2
send_from=${3:-}
send_to=${4:-}
public=https://graph.microsoft.com
graph=${GRAPH_ENDPOINT:-$public}
for address in "$service" "${graph%/}"; do
  case $address in
    https://*) ;;
    http://*@*) fail "$address is no https address" ;;
    http://127.0.0.1:* | http://127.0.0.1) ;;
    *) fail "$address is no https address" ;;
  esac
done
case $send_from$send_to in *[!A-Za-z0-9@._+-]*) fail "the addresses of the mail hold characters that are not taken here" ;; esac

work=$(mktemp -d) || fail "no place for the answers"
trap 'rm -rf "$work"' EXIT
trap 'exit 2' INT TERM HUP

# secret NAME VALUE is a header as curl reads it from standard input.
secret() { printf 'header = "%s: %s"\n' "$1" "$2"; }

# post PATH BODY sends to the service; the answer is in $work/answer, the status printed.
post() {
  printf '%s' "$2" >"$work/body"
  secret x-functions-key "$MAILGRANT_KEY" | curl --silent --max-time 100 --config - --output "$work/answer" --write-out '%{http_code}' \
    --header 'Content-Type: application/json' --data-binary @"$work/body" "$service/api/grants/$grant/$1"
}

# member NAME prints the first string of that name in a text on one line.
member() { sed -n 's/.*"'"$1"'":"\([^"]*\)".*/\1/p' | head -n 1; }

# first is member where the name may come again later in the line.
first() { sed -n 's/"'"$1"'":"\([^"]*\)".*/\
\1/p' | sed -n 2p; }

wish='{}'
[ -z "$send_to" ] || wish='{"send":{"from":"'$send_from'","to":"'$send_to'"}}'
status=$(post probe/code "$wish") || fail "the service cannot be reached"
[ "$status" = 200 ] || fail "asking for a code: $status $(first detail <"$work/answer")"
code=$(first code <"$work/answer")
application=$(first appId <"$work/answer")
[ -n "$code" ] && [ -n "$application" ] || fail "the service's answer cannot be read"

# managed asks the identity of the place for a token.
managed() {
  identity=${AZURE_CLIENT_ID:+&client_id=$AZURE_CLIENT_ID}
  if [ -n "${IDENTITY_ENDPOINT:-}" ]; then
    secret X-IDENTITY-HEADER "${IDENTITY_HEADER:-}" | curl --silent --max-time 30 --config - "$IDENTITY_ENDPOINT?api-version=2019-08-01&resource=$public$identity"
  else
    curl --silent --max-time 30 --header 'Metadata: true' "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=$public$identity"
  fi
}
token=${TOKEN:-}
[ -n "$token" ] || token=$(managed | member access_token)
[ -n "$token" ] || fail "there is no token: set TOKEN, or run this where the workload lives"

# Observations of another application would be told as this one's.
payload=$(printf '%s' "$token" | cut -d. -f2 | tr '_-' '/+')
while [ $((${#payload} % 4)) -ne 0 ]; do payload=$payload=; done
claims=$(printf '%s' "$payload" | base64 -d 2>/dev/null | tr -d '\n')
holder=$(printf '%s' "$claims" | member appid)
[ -n "$holder" ] || holder=$(printf '%s' "$claims" | member azp)
[ "$(printf '%s' "$holder" | tr 'A-F' 'a-f')" = "$(printf '%s' "$application" | tr 'A-F' 'a-f')" ] || fail "the token is of application ${holder:-unknown} and the grant of $application"

# One call a line.
sed 's/{"permission"/\
&/g' "$work/answer" | grep '^{"permission".*"expected"' >"$work/calls" || fail "the service names no call"

# known PATTERN TEXT: the whole text is of that form.
known() { printf '%s\n' "$2" | grep -Eqx -- "$1"; }

mailbox_url='https://graph\.microsoft\.com/v1\.0/users/[A-Za-z0-9@._%+-]+'
while IFS= read -r line; do
  method=$(printf '%s' "$line" | member method)
  url=$(printf '%s' "$line" | member url)
  to=$(printf '%s' "$line" | member to)
  if [ "$method" = GET ] && known "$mailbox_url/(messages|calendar/events|contacts|mailboxSettings)(\?\\\$top=1)?" "$url"; then
    continue
  fi
  [ "$method" = POST ] && known "$mailbox_url/sendMail" "$url" || fail "the plan asks for $method $url, which is not tried"
  [ -n "$send_to" ] && [ "$to" = "$send_to" ] || fail "the plan asks for a mail that was not asked for"
done <"$work/calls"

# try METHOD URL TO makes one call: its status is printed, headers and body are kept.
try() {
  : >"$work/headers"
  : >"$work/met"
  set -- "$1" "${graph%/}${2#"$public"}" "$3"
  if [ "$1" = GET ]; then
    secret Authorization "Bearer $token" | curl --silent --globoff --max-time 100 --config - --dump-header "$work/headers" --output "$work/met" --write-out '%{http_code}' "$2"
  else
    printf '{"message":{"subject":"Test of a mail permission","body":{"contentType":"Text","content":"The owner of an application has tried whether it may send from this mailbox."},"toRecipients":[{"emailAddress":{"address":"%s"}}]},"saveToSentItems":false}' "$3" >"$work/mail"
    secret Authorization "Bearer $token" | curl --silent --globoff --max-time 100 --config - --dump-header "$work/headers" --output "$work/met" --write-out '%{http_code}' \
      --header 'Content-Type: application/json' --data-binary @"$work/mail" "$2"
  fi
}

outcome=0
observations=
while IFS= read -r line <&3; do
  permission=$(printf '%s' "$line" | member permission)
  mailbox=$(printf '%s' "$line" | member mailbox)
  method=$(printf '%s' "$line" | member method)
  url=$(printf '%s' "$line" | member url)
  address=$(printf '%s' "$line" | member address)
  expected=$(printf '%s' "$line" | member expected)
  at=$(date -u +%Y-%m-%dT%H:%M:%SZ)
  status=$(try "$method" "$url" "$send_to") || status=000
  request=$(tr -d '\r' <"$work/headers" | sed -n 's/^[Rr]equest-[Ii]d: *\([A-Za-z0-9-]*\).*/\1/p' | head -n 1)
  error=
  met=unknown
  case $status in
    2??) met=allowed ;;
    *) error=$(tr -d '\r\n' <"$work/met" | sed 's/": *"/":"/g' | first code | tr -cd 'A-Za-z0-9._-' | cut -c1-128) ;;
  esac
  [ "$status $error" != '403 ErrorAccessDenied' ] || met=denied
  case $met in
    "$expected") so='as it should be' ;;
    allowed) so='REACHED WHAT MUST STAY REFUSED' outcome=1 ;;
    denied) so='REFUSED WHAT IS GRANTED' outcome=1 ;;
    *) so='proves nothing'; [ "$outcome" -eq 1 ] || outcome=3 ;;
  esac
  : >"$work/met"
  printf '%-24s %-32s %-5s %-24s %-8s %s\n' "$permission" "$address" "$method" "$status $error" "$expected" "$so"
  case $status in 000) status=0 ;; esac
  observations=$observations${observations:+,}'{"permission":"'$permission'","mailbox":"'$mailbox'","method":"'$method'","url":"'$url'","status":'$status',"error":"'$error'","requestId":"'$request'","at":"'$at'"}'
done 3<"$work/calls"

said=$(post probe '{"code":"'"$code"'","observations":['"$observations"']}') || said=000
if [ "$said" != 200 ]; then
  echo "probe: reporting: $said $(first detail <"$work/answer")" >&2
  [ "$outcome" -eq 1 ] || outcome=2
  exit "$outcome"
fi
echo "Reported."
exit "$outcome"
