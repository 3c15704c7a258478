# shellcheck shell=bash
# What runs unit tests on wasm32: Node, and the runner that goes with the locked wasm-bindgen.

set_up_wasm_test() {
  local release runner
  has node || install_packages "wasm-test: Node" nodejs ||
    fail "no Node, on which the unit tests for wasm32 run: https://nodejs.org"
  release=$(wasm_bindgen_release)
  runner=$(wasm_test_runner)
  if [[ ! -x $runner ]]; then
    say "wasm-test: building wasm-bindgen-cli $release (two to four minutes, once)"
    # Locked first: what its makers have tested. A registry's mirror may lack one of those releases.
    install_wasm_bindgen "$release" --locked 2>/dev/null || install_wasm_bindgen "$release" ||
      fail "wasm-bindgen-cli $release could not be built"
  fi
  say "wasm-test: wasm-bindgen-cli $release, Node $(node --version)"
}

# install_wasm_bindgen RELEASE [--locked]
install_wasm_bindgen() {
  # It runs for a second at a time: not worth optimising for minutes.
  (cd "$repository" && CARGO_PROFILE_RELEASE_OPT_LEVEL=1 quietly "cargo install wasm-bindgen-cli" \
    cargo install wasm-bindgen-cli --version "$@" --root "$(cache_directory)/wasm-bindgen-$1")
}

# The program that cargo calls with a test's module.
wasm_test_runner() {
  printf '%s\n' "$(cache_directory)/wasm-bindgen-$(wasm_bindgen_release)/bin/wasm-bindgen-test-runner"
}

# It must be the release that the tests are linked with.
wasm_bindgen_release() {
  sed -n '/^name = "wasm-bindgen"$/{n;s/^version = "\(.*\)"$/\1/p;}' "$repository/Cargo.lock"
}
