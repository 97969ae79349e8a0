#!/usr/bin/env bash
# The system under test: JupyterHub, its proxy and the servers of its users, on loopback.
#
#   system.sh install      fetches the pinned packages from PyPI and npm, once
#   system.sh start        starts the proxy and the hub and waits until both answer
#   system.sh stop-proxy   stops the proxy alone
#   system.sh stop         stops the hub, the servers of its users, and the proxy
#   system.sh leftovers    prints processes that are still there; fails when there are any
#
# Everything lives in $CALLBOARD_JUPYTER_HOME, by default target/jupyter of this project: venv, node_modules, and run/ with the logs.
# Exit codes: 0 done, 3 the environment is not ready (a tool is missing, a port is in use, no answer in time).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
home=${CALLBOARD_JUPYTER_HOME:-$here/../../target/jupyter}
mkdir -p "$home" && home=$(cd "$home" && pwd -P)
run=$home/run
pins="jupyterhub==6.1.1 jupyter_server==2.21.1 configurable-http-proxy@5.2.0"
export HUB_TOKEN=${HUB_TOKEN:-hub-secret} CONFIGPROXY_AUTH_TOKEN=${PROXY_TOKEN:-proxy-secret}
# The hub looks up jupyterhub-singleuser in PATH.
export PATH=$home/venv/bin:$home/node_modules/.bin:$PATH

say() { printf 'jupyter: %s\n' "$*" >&2; }
not_ready() { say "$*"; exit 3; }

# Runs a command for so many seconds at most, its output into a log; shows the end of the log when it fails.
logged() {
  local seconds=$1 log=$2
  shift 2
  timeout "$seconds" "$@" >>"$log" 2>&1 && return
  tail -n 20 "$log" >&2
  not_ready "failed: $* (log: $log)"
}

install() {
  for tool in python3 node npm curl timeout; do
    command -v "$tool" >/dev/null || not_ready "$tool is not installed"
  done
  [ "$(cat "$home/installed" 2>/dev/null)" = "$pins" ] && return
  say "installing $pins into $home"
  rm -rf "$home/venv" "$home/node_modules" "$home/package.json" "$home/package-lock.json"
  : >"$home/install.log"
  logged 120 "$home/install.log" python3 -m venv "$home/venv"
  # shellcheck disable=SC2086 # the pins are words
  logged 900 "$home/install.log" "$home/venv/bin/pip" install --disable-pip-version-check ${pins% *}
  logged 300 "$home/install.log" npm install --prefix "$home" --no-fund --no-audit "${pins##* }"
  echo "$pins" >"$home/installed"
}

answers() { curl --silent --output /dev/null --max-time 2 "$@"; }
# Whether a URL answers 200.
ready() { curl --silent --fail --output /dev/null --max-time 2 "$@"; }
alive() { [ -f "$run/$1.pid" ] && kill -0 "$(cat "$run/$1.pid")" 2>/dev/null; }

# Waits until a command succeeds, for so many seconds at most, as long as the named processes live.
wait_for() {
  local seconds=$1 names=$2 deadline
  shift 2
  deadline=$((SECONDS + seconds))
  until "$@"; do
    for name in $names; do
      alive "$name" || { tail -n 20 "$run/$name.log" >&2; return 1; }
    done
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.2
  done
}

routes_ready() { ready -H "Authorization: token $CONFIGPROXY_AUTH_TOKEN" http://127.0.0.1:8099/api/routes; }
hub_ready() { ready http://127.0.0.1:8000/hub/api/; }

start() {
  [ "$(cat "$home/installed" 2>/dev/null)" = "$pins" ] || not_ready "not installed yet: run $0 install first"
  stop
  for port in 8000 8081 8099; do
    ! answers "http://127.0.0.1:$port/" || not_ready "port $port is in use by something else"
  done
  rm -rf "$run" && mkdir -p "$run" && cd "$run"
  # Their own sessions: a Ctrl-C in the terminal reaches the test, which then stops them in the right order.
  setsid configurable-http-proxy --ip 127.0.0.1 --port 8000 --api-ip 127.0.0.1 --api-port 8099 \
    --error-target http://127.0.0.1:8081/hub/error >proxy.log 2>&1 </dev/null &
  echo $! >proxy.pid
  wait_for 30 proxy routes_ready || { stop; not_ready "the proxy does not answer (log: $run/proxy.log)"; }
  setsid jupyterhub -f "$here/jupyterhub_config.py" >hub.log 2>&1 </dev/null &
  echo $! >hub.pid
  wait_for 120 "proxy hub" hub_ready || { stop; not_ready "the hub does not answer (log: $run/hub.log)"; }
}

gone() { ! alive "$1"; }

# SIGTERM, and SIGKILL when that was not heard in time.
end() {
  local name=$1 seconds=$2
  if alive "$name"; then
    kill -TERM "$(cat "$run/$name.pid")" 2>/dev/null || true
    wait_for "$seconds" "" gone "$name" || { say "the $name does not stop, killing it"; kill -KILL "$(cat "$run/$name.pid")" || true; }
  fi
  rm -f "$run/$name.pid"
}

# Processes that run in the home folders of the users: their servers. A hub that was killed leaves them behind.
user_servers() {
  local process
  for process in /proc/[0-9]*; do
    case $(readlink "$process/cwd" 2>/dev/null) in "$run/home/"*) echo "${process#/proc/}" ;; esac
  done
}

no_user_servers() { [ -z "$(user_servers)" ]; }

stop() {
  end hub 30
  local signal pid
  for signal in TERM KILL; do
    for pid in $(user_servers); do kill "-$signal" "$pid" 2>/dev/null || true; done
    wait_for 10 "" no_user_servers || true
  done
  end proxy 10
}

leftovers() {
  local left
  left=$(user_servers; for name in hub proxy; do alive "$name" && cat "$run/$name.pid"; done || true)
  [ -z "$left" ] || { say "still there: $(echo "$left" | tr '\n' ' ')"; exit 1; }
}

case ${1:-} in
  install) install ;;
  start) start ;;
  stop) stop ;;
  stop-proxy) end proxy 10 ;;
  leftovers) leftovers ;;
  *) sed -n '2,/^set/p' "$0" | sed '$d; s/^# \{0,1\}//' >&2; exit 2 ;;
esac
