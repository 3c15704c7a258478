# shellcheck shell=bash
# Docker's engine, if there is any: what needs it is left out where there is none. Needs messages.sh,
# cache.sh and compose.sh.

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
