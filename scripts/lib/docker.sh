# shellcheck shell=bash
# Docker and its Compose, if there are any: what needs them is left out where there are none.

set_up_docker() {
  if ! has docker; then
    say "docker: not here; \`docker compose up\` and its test need it, nothing else does"
  elif ! docker_answers; then
    say "docker: its engine does not answer; \`docker compose up\` and its test need it, nothing else does"
  elif ! compose_command >/dev/null; then
    say "docker: without Compose; \`docker compose up\` and its test need it, nothing else does"
  else
    say "docker: answers; Compose is \`$(compose_command)\`"
  fi
}

docker_answers() {
  has docker && within 10 docker version --format '{{.Server.Version}}' >/dev/null 2>&1
}

# Version 2 is a part of docker, version 1 a program of its own.
compose_command() {
  if has docker && docker compose version >/dev/null 2>&1; then
    echo docker compose
  elif has docker-compose; then
    echo docker-compose
  else
    return 1
  fi
}

# compose ARGUMENTS...
compose() {
  local command
  command=$(compose_command) || fail "no Docker Compose: https://docs.docker.com/compose/install"
  # Two words for version 2.
  # shellcheck disable=SC2086
  $command --file "$repository/docker-compose.yaml" "$@"
}
