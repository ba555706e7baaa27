# From here on every job's script is the same. Roles: without arguments the job itself; "node I" Ray's part of node I.

say() { printf '%s gymcc launch: %s\n' "$(date -u +%FT%TZ)" "$*"; }

answers() { (exec 3<>"/dev/tcp/${RAY_ADDRESS%:*}/${RAY_ADDRESS##*:}") 2>/dev/null; }   # Ray's head

scratch_of() {                                   # Ray's folder for files on a node
  local tmp=${TMPDIR:-/tmp}
  [ ${#tmp} -le 24 ] || tmp=/tmp                 # Ray's sockets lie deep below, and their paths have 107 characters
  echo "$tmp/gymcc-$SLURM_JOB_ID-$1"
}

# Ray's part of one node: number 0 is the head, the others join it. Ends when Ray ends or is told to.
node() {
  local options=(--block --num-cpus="$2" --num-gpus="$gpus" --object-store-memory=268435456)
  scratch=$(scratch_of "$1")
  trap 'rm -rf "$scratch"' EXIT
  (umask 077 && rm -rf "$scratch" && mkdir -p "$scratch") || exit 1
  # ports of its own choice, since other jobs may have a Ray on this node too
  options+=(--node-name="${SLURMD_NODENAME:-$(hostname -s)}" --temp-dir="$scratch" --disable-usage-stats
    --include-log-monitor=false --min-worker-port=0 --max-worker-port=0 --dashboard-agent-listen-port=0)
  if [ "$1" = 0 ]; then
    options+=(--head --node-ip-address="${RAY_ADDRESS%:*}" --port="${RAY_ADDRESS##*:}" --include-dashboard=false
      --no-monitor)                              # of an autoscaler: SLURM says how many nodes there are
    if "$python" -c 'import grpc' 2>/dev/null; then   # Ray then has a server for clients too
      local spare; spare=$("$python" -m gymcc.agents.launch.port "${RAY_ADDRESS%:*}" 0) || exit 1
      options+=(--ray-client-server-port="${spare##*:}")
    fi
  else
    options+=(--address="$RAY_ADDRESS")
    until answers; do sleep 1; done
  fi
  local asked=''
  trap 'asked=yes; kill -TERM "$ray" 2>/dev/null' TERM USR1
  setsid "$python" -m ray.scripts.scripts start "${options[@]}" & ray=$!   # SLURM's signals end at this script
  while kill -0 "$ray" 2>/dev/null; do
    [ -d "/proc/$PPID" ] || kill -TERM "$ray"    # SLURM's part of this step is gone: nobody else would end Ray
    sleep 1 & wait $!
  done
  [ "$asked" ]                                   # status: whether it was to end
}

start_node() {                                   # a node's part, in the background
  srun --export=ALL --overlap --nodes=1 --ntasks=1 --cpus-per-task="$cpus" --nodelist="${nodes[$1]}" \
    --output="$run/launch/ray-${nodes[$1]}.log" bash "$run/launch/job.sh" node "$1" "$2" &
  steps+=($!)
}

head_alive() { kill -0 "${steps[0]}" 2>/dev/null; }

quitter() {                                      # the first node whose Ray has ended
  local i
  for ((i = 0; i < ${#steps[@]}; i++)); do
    kill -0 "${steps[i]}" 2>/dev/null || { echo "${nodes[i]}"; return; }
  done
}

clean_up() {                                     # ends this job's Ray, and no other: no `ray stop`
  local i
  kill -USR1 "${steps[@]}" 2>/dev/null           # which srun forwards; at SIGTERM it would kill
  for ((i = 0; i < 20; i++)); do kill -0 "${steps[@]}" 2>/dev/null && sleep 0.5; done
  kill -KILL "${steps[@]}" 2>/dev/null
  rm -f "$RAY_AUTH_TOKEN_PATH" "$up"
  rm -rf "$(scratch_of 0)"                       # a head that was killed has not, and this is its node
}

tell_gone() { say "Ray on $1 ended; $run/launch/ray-$1.log says: $(tail -n 3 "$run/launch/ray-$1.log")"; }

job() {
  local asked='' lost='' gone='' waited=0 status=0 attempt=${SLURM_RESTART_COUNT:-0} i
  mapfile -t nodes < <(scontrol show hostnames "$SLURM_JOB_NODELIST")
  steps=() up=$run/launch/up-$SLURM_JOB_ID
  export OMP_NUM_THREADS=1 RAY_AUTH_MODE=token RAY_AUTH_TOKEN_PATH=$run/launch/token-$SLURM_JOB_ID
  export GYMCC_NODES RAY_ADDRESS
  rm -f "$up" "$RAY_AUTH_TOKEN_PATH"
  (umask 077 && "$python" -c 'import secrets; print(secrets.token_hex(32), end="")' > "$RAY_AUTH_TOKEN_PATH") || exit 1
  GYMCC_NODES=${nodes[*]}
  RAY_ADDRESS=$("$python" -m gymcc.agents.launch.port "${GYMCC_HEAD_IP:-}" "$port") || exit 1
  say "job $SLURM_JOB_ID, start $((attempt + 1)), on ${nodes[*]}; Ray's head at $RAY_ADDRESS"

  trap clean_up EXIT
  start_node 0 $((cpus - 1))                     # one core of the head's node is the learner's
  for ((i = 1; i < ${#nodes[@]}; i++)); do start_node "$i" "$cpus"; done
  "$python" -m gymcc.agents.launch.driver "$run" --joined "$up" --patience "$patience" & driver=$!
  trap 'asked=requeue; say "the end of the time is near: checkpoint"; kill -TERM "$driver"' USR1
  trap 'asked=end; say "asked to end: checkpoint"; kill -TERM "$driver"' TERM
  while kill -0 "$driver" 2>/dev/null; do
    if ! head_alive; then
      lost=head gone=${nodes[0]}
    elif [ ! -e "$up" ]; then
      gone=$(quitter)                            # none of the others will join any more
    fi
    if [ "$gone" ]; then
      tell_gone "$gone"
      kill -KILL "$driver" 2>/dev/null
    fi
    [ "$asked" != requeue ] || waited=$((waited + 1))
    if [ "$waited" -gt $((lead * 2 / 3)) ]; then
      say "no checkpoint in time: the one before will do"
      kill -KILL "$driver" 2>/dev/null
    fi
    sleep 1 & wait $!
  done
  wait "$driver" || status=$?
  for ((i = 0; i < 6 && status != 0 && status != 75 && status != 130; i++)); do   # it may have died of the head's loss
    head_alive && answers || { lost=head; break; }
    sleep 0.5
  done
  [ "$lost" != head ] || [ "$gone" ] || tell_gone "${nodes[0]}"
  [ "$lost" != head ] || [ ! -e "$up" ] || [ "$asked" ] || asked=requeue   # a head that never came up will not next time
  [ "$status" != 75 ] || [ "$asked" ] || asked=requeue   # all workers are lost
  [ "$status" != 0 ] || [ "$evaluate" = no ] || "$python" -m gymcc.scripts.main evaluate "$run" || status=$?
  if [ "$status" != 0 ] && [ "$asked" = requeue ]; then requeue "$attempt"; fi
  say "ends with status $status"
  exit "$status"
}

requeue() {                                      # the same job again: it goes on from the last checkpoint
  if [ "$1" -ge "$requeues" ]; then
    say "not requeued: it was $1 times already; sbatch $run/launch/job.sh goes on"
    return
  fi
  trap - EXIT
  clean_up
  say "requeued"
  scontrol requeue "$SLURM_JOB_ID"
  exit 0
}

if [ "${1:-}" = node ]; then node "$2" "$3"; else setup && job; fi
