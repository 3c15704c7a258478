# shellcheck shell=bash
# Packages of Debian and its descendants.

# Whether all of these packages are there.
has_packages() {
  local state
  has dpkg-query || return 1
  for state in $(dpkg-query --show --showformat '${db:Status-Status}\n' "$@" 2>/dev/null || echo missing); do
    [[ $state == installed ]] || return 1
  done
}

# install_packages WHAT-FOR PACKAGE...
install_packages() {
  local purpose=$1
  shift
  has apt-get || return 1
  if [[ $(id -u) -ne 0 ]]; then
    fail "$purpose needs packages that only root can install:" \
      "sudo apt-get update && sudo apt-get install --no-install-recommends $*"
  fi
  say "$purpose: installing $* (a minute or two)"
  quietly "apt-get update" apt-get update &&
    DEBIAN_FRONTEND=noninteractive quietly "apt-get install" \
      apt-get install --yes --no-install-recommends "$@"
}

# unpack_package PACKAGE DIRECTORY: the package's files, without installing it: no root, no service. Its
# checksum is what apt compares.
unpack_package() {
  has apt-get && has dpkg || return 1
  mkdir -p "$2"
  download_package "$1" "$2" || {
    # The list of packages may be missing, or older than the archive.
    [[ $(id -u) -eq 0 ]] && quietly "apt-get update" apt-get update && download_package "$1" "$2"
  } || return
  quietly "unpacking" dpkg --extract "$2/$1"_*.deb "$2"
}

# download_package PACKAGE DIRECTORY
download_package() (
  cd "$2" && quietly "apt-get download" apt-get download "$1"
)
