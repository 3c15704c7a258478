# shellcheck shell=bash
# The registry that the tests push to: Docker's own. Setting it up needs messages.sh, cache.sh and
# debian.sh.

# The program: the one that DOCKER_REGISTRY names, or what set_up_registry has put into the cache.
registry_program() {
  printf '%s\n' "${DOCKER_REGISTRY:-$(cache_directory)/docker-registry/docker-registry}"
}

set_up_registry() {
  local directory way
  directory=$(cache_directory)/docker-registry
  if [[ -n ${DOCKER_REGISTRY:-} ]]; then
    [[ -x $DOCKER_REGISTRY ]] || fail "DOCKER_REGISTRY is \`$DOCKER_REGISTRY\`, which is no program"
    way="as DOCKER_REGISTRY says"
  elif is_registry "$(registry_program)"; then
    way="was there already"
  # Any release from 2.8 on will do.
  elif has docker-registry; then
    mkdir -p "$directory"
    ln -sf "$(command -v docker-registry)" "$directory/docker-registry"
    way="from the PATH"
  else
    fetch_registry "$directory"
    way="from Debian's package, unpacked and not installed"
  fi
  say "registry: $(release_of_registry), $way, $(registry_program)"
}

fetch_registry() {
  local unpacked
  has apt-get ||
    fail "no docker-registry: install it (https://distribution.github.io/distribution), or name your own" \
      "with DOCKER_REGISTRY=/path/to/docker-registry"
  say "registry: fetching Debian's package (5 MB)"
  mkdir -p "$1"
  unpacked=$(mktemp -d "$1/fetching.XXXXXX")
  if unpack_package docker-registry "$unpacked" && is_registry "$unpacked/usr/bin/docker-registry"; then
    mv "$unpacked/usr/bin/docker-registry" "$1"
    rm -rf "$unpacked"
    return
  fi
  rm -rf "$unpacked"
  fail "docker-registry could not be fetched from Debian: install it" \
    "(https://distribution.github.io/distribution), or name your own with" \
    "DOCKER_REGISTRY=/path/to/docker-registry"
}

is_registry() {
  "$1" --version >/dev/null 2>&1
}

# docker-registry github.com/docker/distribution 2.8.2+ds1 -> 2.8.2+ds1
release_of_registry() {
  local words
  read -r -a words < <("$(registry_program)" --version 2>&1)
  printf '%s\n' "${words[2]:-of no known release}"
}
