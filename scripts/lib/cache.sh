# shellcheck shell=bash
# Where the scripts keep what they have fetched or built for all clones of this repository.

cache_directory() {
  printf '%s\n' "${XDG_CACHE_HOME:-$HOME/.cache}/envoy-inference-filters"
}

# quietly WHAT COMMAND...: runs it without its output, of which the end is shown if it fails.
quietly() {
  local what=$1 log
  shift
  mkdir -p "$(cache_directory)"
  log=$(mktemp "$(cache_directory)/log.XXXXXX")
  if "$@" </dev/null >"$log" 2>&1; then
    rm -f "$log"
    return
  fi
  printf '%s failed:\n' "$what" >&2
  tail -n 20 "$log" | sed 's/^/  | /' >&2
  rm -f "$log"
  return 1
}

# within SECONDS COMMAND...: fails if the command takes longer, where there is a program to see to it.
within() {
  if command -v timeout >/dev/null 2>&1; then
    timeout --kill-after=5 "$@"
  else
    shift
    "$@"
  fi
}
