# shellcheck shell=bash
# Prometheus and its promtool, with which the tests check the rules of envoy/observability and scrape a
# real Envoy. Setting them up needs messages.sh, cache.sh and debian.sh.

# The programs: those that PROMETHEUS and PROMTOOL name, or what set_up_prometheus has put into the cache.
prometheus_program() {
  printf '%s\n' "${PROMETHEUS:-$(cache_directory)/prometheus/prometheus}"
}

promtool_program() {
  printf '%s\n' "${PROMTOOL:-$(cache_directory)/prometheus/promtool}"
}

set_up_prometheus() {
  local directory way
  directory=$(cache_directory)/prometheus
  require_named_program PROMETHEUS
  require_named_program PROMTOOL
  if [[ -n ${PROMETHEUS:-} && -n ${PROMTOOL:-} ]]; then
    way="as PROMETHEUS and PROMTOOL say"
  elif runs "$(prometheus_program)" && runs "$(promtool_program)"; then
    way="was there already"
  # Any release from 2.42 on will do.
  elif has prometheus && has promtool; then
    mkdir -p "$directory"
    ln -sf "$(command -v prometheus)" "$directory/prometheus"
    ln -sf "$(command -v promtool)" "$directory/promtool"
    way="from the PATH"
  else
    fetch_prometheus "$directory"
    way="from Debian's package, unpacked and not installed"
  fi
  say "prometheus: $(release_of_prometheus), $way, $(prometheus_program)"
}

fetch_prometheus() {
  local unpacked
  has apt-get ||
    fail "no Prometheus: install it (https://prometheus.io/download), or name your own with" \
      "PROMETHEUS=/path/to/prometheus PROMTOOL=/path/to/promtool"
  say "prometheus: fetching Debian's package (19 MB)"
  mkdir -p "$1"
  unpacked=$(mktemp -d "$1/fetching.XXXXXX")
  if unpack_package prometheus "$unpacked" &&
    runs "$unpacked/usr/bin/prometheus" && runs "$unpacked/usr/bin/promtool"; then
    mv "$unpacked/usr/bin/prometheus" "$unpacked/usr/bin/promtool" "$1"
    rm -rf "$unpacked"
    return
  fi
  rm -rf "$unpacked"
  fail "Prometheus could not be fetched from Debian: install it (https://prometheus.io/download), or" \
    "name your own with PROMETHEUS=/path/to/prometheus PROMTOOL=/path/to/promtool"
}

# require_named_program VARIABLE: that what it names, if it is set, is a program.
require_named_program() {
  [[ -z ${!1:-} || -x ${!1} ]] || fail "$1 is \`${!1}\`, which is no program"
}

runs() {
  "$1" --version >/dev/null 2>&1
}

# prometheus, version 2.42.0+ds (branch: ...) -> 2.42.0+ds
release_of_prometheus() {
  local words
  read -r -a words < <("$(prometheus_program)" --version 2>&1)
  printf '%s\n' "${words[2]:-of no known release}"
}
