# shellcheck shell=bash
# The compiler for the filters' modules. Two ways lead to one:
#
#   rustup   the compiler for everything else, with the target wasm32-unknown-unknown added
#   debian   Debian's Rust with the sources of the standard library, which is built along; for
#            machines that reach Debian's packages, but not Rust's own server
#
# WASM_TOOLCHAIN=rustup or WASM_TOOLCHAIN=debian takes one way and not the other.

wasm_target=wasm32-unknown-unknown

# The standard library's sources for wasm, the linker and its tools come apart.
debian_wasm_packages=(rustc-web cargo-web rust-web-src rust-web-llvm lld-22)

# Which of the two is there, fails if none is.
wasm_toolchain() {
  if may_use rustup && has_rustup_target; then
    echo rustup
  elif may_use debian && has_packages "${debian_wasm_packages[@]}"; then
    echo debian
  else
    return 1
  fi
}

set_up_wasm() {
  case ${WASM_TOOLCHAIN:-any} in
    rustup | debian | any) ;;
    *) fail "WASM_TOOLCHAIN is \`$WASM_TOOLCHAIN\`, must be rustup or debian" ;;
  esac
  if ! wasm_toolchain >/dev/null && ! add_rustup_target && ! install_debian_rust; then
    fail "no compiler for $wasm_target: \`rustup target add $wasm_target\` must work, or, on Debian," \
      "\`apt-get install ${debian_wasm_packages[*]}\`"
  fi
  case $(wasm_toolchain) in
    rustup) say "wasm: target $wasm_target of Rust $(rust_release)" ;;
    debian) say "wasm: Debian's $(/usr/bin/rustc --version | cut -d ' ' -f 1,2), which builds the standard library along" ;;
    *) fail "no compiler for $wasm_target, though its packages were installed" ;;
  esac
}

# wasm_cargo SUBCOMMAND ARGUMENTS...: cargo for the modules, with a target directory and hence a lock
# of its own, so that it can run beside the host's.
wasm_cargo() {
  local subcommand=$1
  shift
  local arguments=(--locked --target "$wasm_target" --target-dir "$repository/target/wasm-build" "$@")
  cd "$repository" || return
  case $(wasm_toolchain) in
    rustup)
      CARGO_ENCODED_RUSTFLAGS=$(wasm_rustflags) cargo "$subcommand" "${arguments[@]}"
      ;;
    debian)
      RUSTC=/usr/bin/rustc RUSTDOC=/usr/bin/rustdoc RUSTC_BOOTSTRAP=1 \
        CARGO_ENCODED_RUSTFLAGS=$(wasm_rustflags) \
        /usr/bin/cargo "$subcommand" -Zbuild-std=std,panic_abort "${arguments[@]}"
      ;;
    *) fail "no compiler for $wasm_target: run ./scripts/setup" ;;
  esac
}

# rustc 1.95.0, say.
wasm_compiler() {
  local version
  case $(wasm_toolchain) in
    rustup) version=$(cd "$repository" && rustc --version) ;;
    debian) version=$(/usr/bin/rustc --version) ;;
    *) fail "no compiler for $wasm_target: run ./scripts/setup" ;;
  esac
  printf '%s\n' "${version%% (*}"
}

# The file in which that compiler says whose its standard library is.
wasm_library_notices() {
  case $(wasm_toolchain) in
    rustup) (cd "$repository" && echo "$(rustc --print sysroot)/share/doc/rust/COPYRIGHT-library.html") ;;
    # Each package of Debian's has one.
    debian) echo /usr/share/doc/rust-web-src/copyright ;;
    *) fail "no compiler for $wasm_target: run ./scripts/setup" ;;
  esac
}

# Separated by the character that CARGO_ENCODED_RUSTFLAGS wants: a path may hold blanks.
wasm_rustflags() {
  local flags=(
    # Envoy's V8 has it, and the readers of JSON use it.
    -C target-feature=+simd128
    # A VM each for every worker: 128 KiB of stack instead of 1 MiB.
    -C link-arg=-zstack-size=131072
    # Where the clone lies must not show in the module, or each clone would make another one.
    --remap-path-prefix="$repository=/inference-filters"
    --remap-path-prefix="${CARGO_HOME:-$HOME/.cargo}=/cargo"
  )
  local IFS=$'\x1f'
  printf '%s' "${flags[*]}"
}

may_use() {
  [[ ${WASM_TOOLCHAIN:-$1} == "$1" ]]
}

has_rustup_target() {
  local root
  root=$(cd "$repository" && rustc --print sysroot 2>/dev/null) &&
    [[ -d $root/lib/rustlib/$wasm_target/lib ]]
}

add_rustup_target() {
  may_use rustup && has rustup || return 1
  say "wasm: asking rustup for $wasm_target"
  if (cd "$repository" && within 120 rustup target add "$wasm_target" --toolchain "$(rust_release)") \
    </dev/null >/dev/null 2>&1 && has_rustup_target; then
    return
  fi
  say "wasm: rustup can't fetch it from here"
  return 1
}

install_debian_rust() {
  may_use debian && install_packages "wasm: Debian's Rust" "${debian_wasm_packages[@]}"
}
