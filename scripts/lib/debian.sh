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

# unpack_package_of_suite SUITE PACKAGE DIRECTORY: likewise from another suite of Debian than the machine's
# own, with a list of packages apart from the machine's.
unpack_package_of_suite() {
  local keyring=/usr/share/keyrings/debian-archive-keyring.gpg apt
  [[ -f $keyring ]] && has apt-get && has dpkg || return 1
  mkdir -p "$3/lists/partial" "$3/cache/archives/partial"
  printf 'deb [signed-by=%s] http://deb.debian.org/debian %s main\n' "$keyring" "$1" >"$3/sources.list"
  apt=(apt-get --option "Dir::Etc::sourcelist=$3/sources.list" --option Dir::Etc::sourceparts=/dev/null
    --option "Dir::State::lists=$3/lists" --option "Dir::Cache=$3/cache" --option Acquire::Languages=none
    --option Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false
    --option APT::Sandbox::User=)
  quietly "apt-get update" "${apt[@]}" update &&
    (cd "$3" && quietly "apt-get download" "${apt[@]}" download "$2") &&
    quietly "unpacking" dpkg --extract "$3/$2"_*.deb "$3"
}
