# shellcheck shell=bash disable=SC2034
# What the tests of providers share. Sourced, never run.

TMP=${TURNPIKE_TMP:?}
TURNPIKE=${TURNPIKE:?}
ROOT=${TURNPIKE_ROOT:?}
[ "$(id -u)" = 0 ] || { echo "a provider needs root" && exit 77; }
for name in docker-registry runc conmon skopeo umoci nft caddy jq curl busybox; do
  command -v "$name" >/dev/null || { echo "$name is not installed" && exit 77; }
done

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
declare -A pids=()
number=0

ok() { number=$((number + 1)) && echo "ok $number - $1"; }
not_ok() { number=$((number + 1)) && echo "not ok $number - $1"; }
check() { # check CLAIM COMMAND...
  local claim=$1
  shift
  if "$@" >"$TMP/out" 2>&1; then ok "$claim"; else not_ok "$claim" && tail -n 15 "$TMP/out"; fi
}
until_true() { # until_true SECONDS COMMAND...
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.1
  done
}
start() { # start NAME COMMAND...
  local name=$1
  shift
  "$@" >>"$TMP/$name.log" 2>&1 </dev/null &
  pids[$name]=$!
}
end() {
  [ -n "${pids[$1]:-}" ] || return 0
  kill "${2:--TERM}" "${pids[$1]}" 2>/dev/null
  wait "${pids[$1]}" 2>/dev/null
  unset "pids[$1]"
}
