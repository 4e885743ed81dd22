# Functions that the scripts share. Sourced, never run.
#
# After sourcing: the working directory is the repository's root, and $ROOT names it.

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$ROOT" || exit 1

say() { printf '%s\n' "$*"; }
die() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# usage TEXT is what --help prints: the comment block at the top of the calling script.
print_help() { sed -n '2,/^[^#]/{/^#/{s/^# \{0,1\}//;p}}' "$0"; }

# Runs git even where the checkout belongs to another user (root in a container, for example).
repo_git() { git -c safe.directory='*' "$@"; }

# as_root COMMAND...: runs it with the rights that installing packages needs.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "this needs root: run it as root, or install sudo"
  fi
}

# How many compilers may run at once: one a core, and 1.5 GiB of free memory for each.
build_jobs() {
  local cores memory_kib jobs
  cores=$(nproc)
  memory_kib=$(awk '/^MemAvailable:/ {print $2}' /proc/meminfo)
  jobs=$((memory_kib / 1572864))
  if [ "$jobs" -lt 1 ]; then jobs=1; fi
  if [ "$jobs" -gt "$cores" ]; then jobs=$cores; fi
  echo "$jobs"
}

duration() { # duration SECONDS: "1m05s"
  if [ "$1" -lt 60 ]; then echo "${1}s"; else printf '%dm%02ds\n' $(($1 / 60)) $(($1 % 60)); fi
}

# The newest "[done/total]" that Ninja wrote to a log, as "done/total"; empty where there is none.
ninja_progress() {
  tail -c 4096 "$1" 2>/dev/null | tr '\r' '\n' | sed -n 's/^\[\([0-9]*\/[0-9]*\)\].*/\1/p' | tail -n 1
}

# with_progress LABEL LOG COMMAND...: runs COMMAND with its output in LOG. On a terminal one line
# shows the time and how far a build is; elsewhere a line a minute does. Returns COMMAND's status;
# the caller prints what it wants from LOG.
with_progress() {
  local label=$1 log=$2 started=$SECONDS pid status=0 last=0 now traps
  shift 2
  mkdir -p "$(dirname "$log")"
  : >"$log"
  # A process group of its own, so that Ctrl-C can end the command with all its children.
  set -m
  "$@" >"$log" 2>&1 </dev/null &
  pid=$!
  set +m
  traps=$(trap -p INT TERM) # the caller's
  trap 'echo; kill -- "-$pid" 2>/dev/null; wait "$pid" 2>/dev/null; exit 130' INT TERM
  while kill -0 "$pid" 2>/dev/null; do
    now=$((SECONDS - started))
    if [ -t 1 ]; then
      printf '\r\033[K%s  %s  %s' "$label" "$(ninja_progress "$log")" "$(duration "$now")"
    elif [ $((now - last)) -ge 60 ]; then
      last=$now
      say "$label  $(ninja_progress "$log")  $(duration "$now")"
    fi
    sleep 0.2
  done
  wait "$pid" || status=$?
  trap - INT TERM
  eval "$traps"
  if [ -t 1 ]; then printf '\r\033[K'; fi
  if [ "$status" = 0 ]; then
    say "$label  done  $(duration $((SECONDS - started)))"
  else
    say "$label  FAILED  $(duration $((SECONDS - started)))"
  fi
  return "$status"
}

# ensure GROUP...: installs what the groups of scripts/setup need. Quick when nothing is missing.
ensure() {
  if [ "${TURNPIKE_NO_SETUP:-}" = 1 ]; then return 0; fi
  "$ROOT/scripts/setup" --quiet "$@"
}

# configure PRESET: makes build/PRESET where it is not there yet.
configure() {
  local log="build/logs/$1.log"
  if [ -f "build/$1/build.ninja" ]; then return 0; fi
  with_progress "configure $1" "$log" cmake --preset "$1" || {
    cat "$log"
    return 1
  }
}

# build PRESET TARGET...: configures when needed and builds, with a progress line; on failure prints
# what the compiler said and returns non-zero.
build() {
  local preset=$1 log="build/logs/$1.log"
  shift
  export CCACHE_BASEDIR="${CCACHE_BASEDIR:-$ROOT}" CCACHE_NOHASHDIR="${CCACHE_NOHASHDIR:-1}"
  configure "$preset" || return 1
  with_progress "build $preset" "$log" \
    env NINJA_STATUS='[%f/%t] ' cmake --build "build/$preset" -j "$(build_jobs)" --target "$@" || {
    # Ninja prints a failed step as "FAILED: ..." with everything that step wrote below it.
    awk '/^FAILED:|^ninja: error|^CMake Error/ {show = 1} /^\[[0-9]+\/[0-9]+\]/ {show = 0} show' "$log"
    say "The whole log: $log"
    return 1
  }
}
