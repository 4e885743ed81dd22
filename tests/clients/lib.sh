# shellcheck shell=bash
# What the tests of other people's clients share. Sourced, never run.

# cannot_install WHAT LOG: ends the test, whose toolchain is there but got no WHAT. On somebody's machine
# that may be for want of a network, and is a skip; continuous integration would stay green without the
# test for ever, so that there it is a failure.
cannot_install() {
  tail -n 5 "$2"
  if [ -n "${CI:-}" ]; then
    echo "$1 could not be installed; with CI set that is a failure"
    exit 1
  fi
  echo "$1 cannot be installed here"
  exit 77
}

# npm_ci WHAT: installs what package-lock.json of this folder lists.
npm_ci() {
  command -v npm >/dev/null || { echo "no npm: $1 cannot be installed here" && exit 77; }
  npm ci --no-audit --no-fund --ignore-scripts >npm.log 2>&1 || cannot_install "$1" npm.log
}

# go_build WHAT PROGRAM: builds this folder's Go program with what go.sum lists.
go_build() {
  local go
  go=$(command -v go || echo /usr/local/go/bin/go)
  [ -x "$go" ] || { echo "no Go toolchain: $1 cannot be built here" && exit 77; }
  # An older Go would try to download a newer toolchain.
  GOTOOLCHAIN=local "$go" mod download >"$TURNPIKE_TMP/download.log" 2>&1 ||
    cannot_install "$1" "$TURNPIKE_TMP/download.log"
  GOTOOLCHAIN=local "$go" build -o "$2" .
}

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
