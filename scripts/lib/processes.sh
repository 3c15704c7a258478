# shellcheck shell=bash
# Processes that outlive the script that started them: each has a name, and in $run a file NAME.pid
# and a log NAME.log. Only what is recorded there is ever stopped, and only if it still is the same
# process: ids are used again.

: "${run:?is the directory for pid files and logs}"

# launch NAME COMMAND...
launch() {
  local name=$1
  shift
  # A session of its own, where there is setsid: Ctrl-C is for the script alone, which then stops
  # what it has started in its own order.
  if has setsid; then
    setsid "$@" </dev/null >>"$run/$name.log" 2>&1 &
  else
    nohup "$@" </dev/null >>"$run/$name.log" 2>&1 &
  fi
  record "$name" $!
  # No job of this script: bash would tell of its end.
  disown
}

# record NAME PID
record() {
  printf '%s %s\n' "$2" "$(birth_of "$2" || true)" >"$run/$1.pid"
}

pid_of() {
  local pid _
  read -r pid _ <"$run/$1.pid" && printf '%s\n' "$pid"
}

is_running() {
  local pid birth
  [[ -f $run/$1.pid ]] || return 1
  read -r pid birth <"$run/$1.pid" || return 1
  [[ -n $birth && $(birth_of "$pid") == "$birth" ]]
}

# When a process was started: with its id that is unique. Fails if it is gone, or a zombie.
birth_of() {
  local stat fields
  if [[ -d /proc/self ]]; then
    { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
    # The name, in brackets, may hold anything; after it come the state and 19 fields on the birth.
    read -ra fields <<<"${stat##*) }"
    [[ ${fields[0]} != [ZX] ]] || return 1
    printf '%s\n' "${fields[19]}"
  else
    ps -o lstart= -p "$1"
  fi
}

# Ends a process as a crash would, and returns when it is gone.
kill_process() {
  kill -KILL "$(pid_of "$1")"
  wait_until_gone "$1" 5
}

# Asks a process to end, and insists after 10 seconds. Harmless if it is not running.
stop_process() {
  if is_running "$1"; then
    kill -TERM "$(pid_of "$1")" 2>/dev/null || true
    wait_until_gone "$1" 10 || kill_process "$1"
  fi
  rm -f "$run/$1.pid"
}

# wait_until_gone NAME SECONDS
wait_until_gone() {
  local tries=$(($2 * 20))
  while is_running "$1"; do
    ((tries-- > 0)) || return 1
    sleep 0.05
  done
}

is_port_taken() {
  (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# Who listens on a port, as well as it can be found out.
owner_of_port() {
  local found=""
  if has lsof; then
    found=$(lsof -nP -iTCP:"$1" -sTCP:LISTEN -Fpc 2>/dev/null | tr '\n' ' ' |
      sed -En 's/^p([0-9]+) c([^ ]+).*/\2 (process \1)/p')
  elif has ss; then
    found=$(ss -ltnpH "sport = :$1" 2>/dev/null |
      sed -En 's/.*users:\(\("([^"]+)",pid=([0-9]+).*/\1 (process \2)/p' | head -n 1)
  fi
  printf '%s\n' "${found:-another program}"
}
