#!/usr/bin/env bash
# The acceptance test on a real system: JupyterHub, its proxy and the servers of its users, from PyPI and npm, on loopback.
#
# Prints one line per step and the output of a step that went wrong. Exit code 0 when every step did what it should, 1 when one did
# not, 3 when the system could not be installed or started. Nothing is skipped.
#
# CALLBOARD names the binary to test; without it the debug build of this project is built and used.
# CALLBOARD_JUPYTER_HOME is where the packages and the logs go, by default target/jupyter.
set -uo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 3
system=$PWD/acceptance/jupyter/system.sh
home=${CALLBOARD_JUPYTER_HOME:-$PWD/target/jupyter}
project=$home/project
strict=$home/strict
export HUB_TOKEN=hub-secret PROXY_TOKEN=proxy-secret
wrong=0

if [ -z "${CALLBOARD:-}" ]; then
  cargo build --quiet --locked --package callboard || exit 3
  CALLBOARD=${CARGO_TARGET_DIR:-target}/debug/callboard
fi
CALLBOARD=$(realpath "$CALLBOARD") || exit 3

finish() {
  local code=$?
  trap - EXIT INT TERM
  "$system" stop
  "$system" leftovers || code=1
  exit "$code"
}
trap finish EXIT
trap 'exit 130' INT TERM

# expect CODE TEXT COMMAND…: runs a command for five minutes at most; its exit code and, when it is not empty, a text in its output
# are what the step is about.
expect() {
  local code=$1 text=$2 actual output begin=$SECONDS
  shift 2
  output=$(timeout 300 "$@" 2>&1)
  actual=$?
  local line="${*/#$CALLBOARD/callboard}"
  if [ "$actual" -eq "$code" ] && grep -qiF -- "$text" <<<"$output"; then
    printf 'ok    %s (exit %s, %s s)\n' "$line" "$actual" $((SECONDS - begin))
    return
  fi
  wrong=$((wrong + 1))
  printf 'WRONG %s\n      exit %s, expected %s%s\n' "$line" "$actual" "$code" "${text:+ and the text \`$text\`}"
  head -n 80 <<<"$output" | sed 's/^/      | /'
}

callboard() {
  local code=$1 text=$2
  shift 2
  expect "$code" "$text" "$CALLBOARD" "$@"
}

# The project is copied, so that runs, reports and generated scenarios leave the source tree as it is.
rm -rf "$project" "$strict" && mkdir -p "$project" "$strict" || exit 3
cp -R acceptance/jupyter/{callboard.toml,definitions,scenarios} "$project" || exit 3
# The same project, but without the deviations that it accepts.
cp -R acceptance/jupyter/{definitions,scenarios} "$strict" || exit 3
sed '/^\[\[accept\]\]/,$d' acceptance/jupyter/callboard.toml >"$strict/callboard.toml" || exit 3

"$system" install || exit 3
echo "ok    installed"
"$system" start || exit 3
echo "ok    started"
cd "$project" || exit 3

j1="Create the user ada, start her server and wait until it is ready, check that the proxy has a route for her, create a token for her \
and read the status of her server with it, then stop the server, check that the route is gone, and delete the user."
j2="Create the user ada, start her server and wait until it is ready, create a token, write the file notes.txt, read it back and \
compare, delete it, expect not found when it is read again, then stop the server and delete the user."

# The same journeys as somebody would note them down: what they need is found by itself.
short1="Give ada a server and show it is reachable, then take it away."
short2="A file written through the proxy can be read back and is gone after deletion."
short4="A group's members are listed; deleting a user takes it out of the group."

callboard 0 "4 scenarios in 4 files" check
callboard 0 "4 passed" run --json run.json --junit run.junit.xml --html run.html
expect 0 "" python3 -c 'import json; run = json.load(open("run.json")); assert run["staleAcceptances"] == [], run["staleAcceptances"]'
expect 0 'tests="4" skipped="0" failures="0" errors="0"' cat run.junit.xml
# Secrets stay out of every report: grep finds nothing.
expect 1 "" grep -lE "hub-secret|proxy-secret" run.json run.junit.xml run.html
callboard 0 "4 passed" run --jobs 1
callboard 1 "/0/user_info" -C "$strict" run scenarios/j4.arazzo.yaml
callboard 0 "" generate "$j1" -o generated/j1.arazzo.yaml
callboard 0 "1 scenario" check generated/j1.arazzo.yaml
callboard 0 "1 passed" run generated/j1.arazzo.yaml
# A clean hub again: what a broken J1 leaves behind is not J2's fault.
"$system" start || exit 3
callboard 0 "" generate "$j2" -o generated/j2.arazzo.yaml
callboard 0 "1 scenario" check generated/j2.arazzo.yaml
callboard 0 "1 passed" run generated/j2.arazzo.yaml
for n in 1 2 4; do
  sentence=short$n
  callboard 0 "" generate "${!sentence}" -o "generated/short$n.arazzo.yaml"
  callboard 0 "1 scenario" check "generated/short$n.arazzo.yaml"
  callboard 0 "1 passed" run "generated/short$n.arazzo.yaml"
done

"$system" stop-proxy
echo "ok    stopped the proxy"
callboard 3 "not ready" run scenarios/j1.arazzo.yaml
callboard 0 "1 passed" run scenarios/j4.arazzo.yaml

if [ "$wrong" -eq 0 ]; then
  echo "ok    all steps did what they should"
else
  echo "WRONG $wrong step(s)"
  exit 1
fi
