# shellcheck shell=bash
# The crates that become modules, found by where they lie, and what their manifests say.

# The filters that we ship.
filter_manifests() {
  printf '%s\n' "$repository"/filters/*/wasm/Cargo.toml
}

# The filters that only tests and the bench load.
test_filter_manifests() {
  printf '%s\n' "$repository"/integration-tests/wasm-filters/*/Cargo.toml
}

# The pure crates, whose unit tests run on wasm32 as well. Those that call Proxy-Wasm's hostcalls
# can't: Node has none.
wasm_tested_packages() {
  local manifest
  for manifest in "$repository"/filters/*/Cargo.toml; do
    if grep -q '^wasm-bindgen-test' "$manifest" && ! grep -q '^proxy-wasm' "$manifest"; then
      value_of package name "$manifest"
    fi
  done
}

# value_of SECTION KEY MANIFEST
value_of() {
  sed -n "/^\[$1\]/,/^\[/s/^$2 = \"\(.*\)\"$/\1/p" "$3"
}
