# shellcheck shell=bash
# The compiler for everything but the filters' modules: what rust-toolchain.toml says.

rust_release() {
  sed -n 's/^channel = "\(.*\)"$/\1/p' "$repository/rust-toolchain.toml"
}

set_up_rust() {
  local release version
  release=$(rust_release)
  has cargo || fail "no Rust: get rustup from https://rustup.rs, it will read rust-toolchain.toml"
  has cc || fail "no C linker, which Rust needs: install gcc or clang (Debian: apt-get install gcc libc6-dev)"
  if ! version=$(cd "$repository" && cargo --version 2>/dev/null); then
    say "rust: installing $release"
    (cd "$repository" && quietly "rustup toolchain install $release" \
      rustup toolchain install "$release" --profile minimal --component clippy --component rustfmt) ||
      fail "Rust $release could not be installed"
    version=$(cd "$repository" && cargo --version)
  fi
  version=${version#cargo }
  version=${version%% *}
  [[ $version == "$release" ]] ||
    fail "cargo is $version, this needs $release: get rustup from https://rustup.rs, it will read rust-toolchain.toml"
  say "rust: $version"
}

# x86_64-unknown-linux-gnu, say.
host_triple() {
  (cd "$repository" && rustc --version --verbose) | sed -n 's/^host: //p'
}
