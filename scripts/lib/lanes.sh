# shellcheck shell=bash
# Steps with a log each, in lanes that run at the same time. The caller names the folder of the logs
# in $logs, and defines for each step NAME a function do_NAME, which runs with errexit.

lanes=()

# begin_lane FUNCTION
begin_lane() {
  # With job control, each lane is a process group, and can be ended with all that it has started.
  set -m
  (
    # Waits for the step, which may have something to take down.
    trap 'exit 143' TERM
    "$1"
  ) &
  set +m
  lanes+=($!)
}

# Returns when all lanes have ended. Once in a minute it tells what they are at.
wait_for_lanes() {
  local lane quiet_since=$SECONDS
  for lane in ${lanes[@]+"${lanes[@]}"}; do
    while kill -0 "$lane" 2>/dev/null; do
      sleep 0.2
      if ((SECONDS - quiet_since >= 60)); then
        quiet_since=$SECONDS
        say "  (still at work: $(running_steps))"
      fi
    done
    wait "$lane" || true
  done
  lanes=()
}

# Ends the lanes that still run.
end_lanes() {
  local lane
  for lane in ${lanes[@]+"${lanes[@]}"}; do
    kill -TERM -- "-$lane" 2>/dev/null || true
  done
  for lane in ${lanes[@]+"${lanes[@]}"}; do
    wait "$lane" 2>/dev/null || true
  done
  lanes=()
}

# step NAME WHAT: runs do_NAME. That it failed is known afterwards by `passed NAME`.
step() {
  local name=$1 started=$SECONDS status
  say "$name: $2"
  printf '%s\n' "$started" >"$logs/$name.running"
  set +e
  (
    set -e
    "do_$name"
  ) </dev/null >"$logs/$name.log" 2>&1
  status=$?
  set -e
  rm "$logs/$name.running"
  if [[ $status -eq 0 ]]; then
    printf '%s\n' $((SECONDS - started)) >"$logs/$name.passed"
    say "$name: passed ($((SECONDS - started)) s)"
  else
    printf '%s\n' $((SECONDS - started)) >"$logs/$name.failed"
    # All that it said, but for the names of what cargo compiled.
    printf '%s: FAILED (%s s), this is what it said:\n%s\n' "$name" $((SECONDS - started)) \
      "$(sed -E "/^ +(Compiling|Checking|Download(ed|ing)) /d; s/^/  $name | /" "$logs/$name.log")"
  fi
}

# passed STEP...: whether all of them did.
passed() {
  local name
  for name in "$@"; do
    [[ -f $logs/$name.passed ]] || return 1
  done
}

# count_tests passed|failed LOG...: what `cargo test` counted in them.
count_tests() {
  local field=4
  [[ $1 == passed ]] || field=6
  shift
  awk -v field="$field" '/^test result: / { sum += $field } END { print sum + 0 }' "$@" /dev/null
}

running_steps() {
  local file name list=()
  for file in "$logs"/*.running; do
    [[ -f $file ]] || continue
    name=${file##*/}
    list+=("${name%.running} $((SECONDS - $(<"$file"))) s")
  done
  local IFS=,
  printf '%s\n' "${list[*]-nothing}"
}
