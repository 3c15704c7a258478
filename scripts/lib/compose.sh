# shellcheck shell=bash
# Docker Compose. Two are in use: version 2, a part of docker, and 1.29, a program of its own.
# docker-compose.yaml is for both. Fetching one needs messages.sh, cache.sh and debian.sh.

# The suite of Debian that has version 2.
compose_suite=trixie

# The first command that is here.
compose_command() {
  local commands
  mapfile -t commands < <(compose_commands)
  [[ ${#commands[@]} -gt 0 ]] && printf '%s\n' "${commands[0]}"
}

# The command that COMPOSE names, or those that are here, a line for each: one of version 2, one of
# version 1.
compose_commands() {
  local command major seen=" "
  if [[ -n ${COMPOSE:-} ]]; then
    printf '%s\n' "$COMPOSE"
    return
  fi
  for command in "docker compose" docker-compose "$(fetched_compose)"; do
    major=$(major_of_compose "$command")
    if [[ -n $major && $seen != *" $major "* ]]; then
      printf '%s\n' "$command"
      seen+="$major "
    fi
  done
}

# Adds version 2 to a 1.29, so that docker-compose.yaml is tested with both.
set_up_compose() {
  local commands
  mapfile -t commands < <(compose_commands)
  if [[ -z ${COMPOSE:-} && ${#commands[@]} -eq 1 && $(major_of_compose "${commands[0]}") == 1 ]]; then
    fetch_compose || say "compose: no version 2, which Debian $compose_suite would have"
    mapfile -t commands < <(compose_commands)
  fi
  [[ ${#commands[@]} -gt 0 ]] || fail "no Docker Compose: https://docs.docker.com/compose/install"
  for command in "${commands[@]}"; do
    say "compose: $($command version --short), \`$command\`"
  done
}

# compose ARGUMENTS...
compose() {
  local command
  command=$(compose_command) || fail "no Docker Compose: https://docs.docker.com/compose/install"
  # Two words for the one that is a part of docker.
  # shellcheck disable=SC2086
  $command --file "$repository/docker-compose.yaml" "$@"
}

fetched_compose() {
  printf '%s\n' "$(cache_directory)/compose/docker-compose"
}

fetch_compose() (
  directory=$(cache_directory)/compose
  mkdir -p "$directory"
  unpacked=$(mktemp -d "$directory/fetching.XXXXXX")
  trap 'rm -rf "$unpacked"' EXIT
  say "compose: fetching version 2 from Debian $compose_suite (13 MB)"
  unpack_package_of_suite "$compose_suite" docker-compose "$unpacked" || return
  program=$(find "$unpacked" -type f -name docker-compose -perm -u+x | head -n 1)
  [[ -n $program ]] && mv "$program" "$(fetched_compose)"
)

# 2.26.1-4 -> 2; nothing if it does not run.
major_of_compose() {
  local version
  # shellcheck disable=SC2086
  version=$($1 version --short 2>/dev/null) || return 0
  version=${version#v}
  printf '%s\n' "${version%%.*}"
}
