# shellcheck shell=bash
# The demo's processes: three replicas of version v1, one of v2, and Envoy, each with its port on
# 127.0.0.1. Needs messages.sh, cache.sh, envoy.sh and processes.sh.

gateway_port=${DEMO_PORT:-8080}
admin_port=${DEMO_ADMIN_PORT:-9901}
server_port=${DEMO_SERVER_PORT:-9101}

# The same names as in envoy/envoy.yaml; the n-th has the n-th port.
replicas=(model-v1-a model-v1-b model-v1-c model-v2-a)
everything=("${replicas[@]}" envoy)

start() {
  case $1 in
    envoy)
      launch envoy "$(envoy_program)" --config-path "$run/envoy.yaml" --disable-hot-restart
      ;;
    *)
      MODEL_NAME=demo MODEL_VERSION=$(version_of "$1") REPLICA_NAME=$1 \
        BIND_ADDRESS=127.0.0.1 GRPC_PORT=$(port_of "$1") HTTP_PORT=$(port_of "$1") \
        TOKEN_LATENCY_MS=5 launch "$1" "$repository/dist/model-server"
      ;;
  esac
}

stop_all() {
  local name
  # Envoy first: it would report every server that goes.
  for name in envoy "${replicas[@]}"; do stop_process "$name"; done
}

# envoy/envoy.yaml as it is shipped, but for addresses, ports and where the modules lie.
render_configuration() {
  local name text
  text=$(<"$repository/envoy/envoy.yaml")
  for name in "${replicas[@]}"; do
    replace "address: $name, port_value: 9000" "address: 127.0.0.1, port_value: $(port_of "$name")"
  done
  replace "address: 0.0.0.0, port_value: 8080" "address: 127.0.0.1, port_value: $gateway_port"
  replace "address: 127.0.0.1, port_value: 9901" "address: 127.0.0.1, port_value: $admin_port"
  replace "/etc/envoy/filters/" "$repository/dist/"
  printf '%s\n' "$text" >"$run/envoy.yaml"
}

# replace TEXT BY: replaces a text in the caller's $text. That it isn't there means that the file has changed.
replace() {
  [[ $text == *"$1"* ]] || fail "envoy/envoy.yaml does not say \`$1\`, which is to be replaced"
  text=${text//"$1"/"$2"}
}

port_of() {
  local index
  if [[ $1 == envoy ]]; then
    printf '%s\n' "$gateway_port"
    return
  fi
  for index in "${!replicas[@]}"; do
    if [[ ${replicas[index]} == "$1" ]]; then printf '%s\n' $((server_port + index)); fi
  done
}

# model-v2-a -> v2
version_of() {
  local rest=${1#model-}
  printf '%s\n' "${rest%%-*}"
}

check_name() {
  [[ " ${everything[*]} " == *" $1 "* ]] || wrong_call "no process \`$1\`, there are: ${everything[*]}"
}

require_free_port() {
  local variable=DEMO_SERVER_PORT
  if [[ $1 == envoy ]]; then
    variable=DEMO_PORT
    require_free "$admin_port" "Envoy's admin interface" DEMO_ADMIN_PORT
  fi
  require_free "$(port_of "$1")" "$1" "$variable"
}

# require_free PORT WHAT-FOR VARIABLE
require_free() {
  ! is_port_taken "$1" ||
    fail "port $1, meant for $2, is taken by $(owner_of_port "$1"): end that, or set $3"
}
