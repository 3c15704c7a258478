# shellcheck shell=bash
# What the scripts say to the person who runs them.

# say TEXT...
say() {
  printf '%s\n' "$*"
}

# Ends the script, with one line that says what is wrong and what to do about it.
fail() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# Ends the script because it was called wrongly.
wrong_call() {
  printf '%s: %s; see --help\n' "${0##*/}" "$*" >&2
  exit 2
}

# has COMMAND: whether there is such a program.
has() {
  command -v "$1" >/dev/null 2>&1
}
