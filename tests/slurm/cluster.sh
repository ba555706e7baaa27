#!/usr/bin/env bash
# A SLURM of two nodes on this machine, without systemd and without touching /etc:
#
#   tests/slurm/cluster.sh up DIR      starts munge, the controller and two slurmds, all of whose state is in DIR
#   export SLURM_CONF=DIR/slurm.conf   has sbatch, squeue, … speak to it
#   tests/slurm/cluster.sh down DIR    ends them and whatever they ran
#
# Needs Debian's slurm-wlm and munge. Works as root and as any user, for whom jobs then run.
set -euo pipefail

usage() { sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2; }
[ $# -eq 2 ] || usage
action=$1 dir=$(realpath -m "$2")
export PATH=$PATH:/usr/sbin SLURM_CONF=$dir/slurm.conf

free_ports() {
  python3 - "$1" <<'PYTHON'
import socket, sys
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(sys.argv[1]))]
print(*(each.getsockname()[1] for each in sockets))
PYTHON
}

configure() {
  local host user memory ports
  host=$(hostname -s) user=$(id -un)
  memory=$(($(awk '/MemTotal/ {print $2}' /proc/meminfo) / 1024 * 4 / 5))
  read -r -a ports < <(free_ports 3)
  cat > "$SLURM_CONF" <<CONF
ClusterName=gymcc-test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=${ports[0]}
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
AuthInfo=socket=$dir/munge.socket
CredType=cred/munge
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool.%n
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd.%n.pid
SlurmctldLogFile=$dir/slurmctld.log
SlurmdLogFile=$dir/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
ReturnToService=2
SlurmdParameters=config_overrides
SlurmdTimeout=10
KillWait=10
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/filetxt
JobCompLoc=$dir/jobcomp.txt
AccountingStorageType=accounting_storage/none
NodeName=n0 NodeHostname=$host NodeAddr=127.0.0.1 Port=${ports[1]} CPUs=2 RealMemory=$memory State=UNKNOWN
NodeName=n1 NodeHostname=$host NodeAddr=127.0.0.1 Port=${ports[2]} CPUs=2 RealMemory=$memory State=UNKNOWN
PartitionName=main Nodes=n[0-1] Default=YES MaxTime=INFINITE State=UP
CONF
  # nothing here uses cgroups, but the plugin for version 2 wants them mounted and a systemd to ask
  echo CgroupPlugin=cgroup/v1 > "$dir/cgroup.conf"
}

up() {
  mkdir -p "$dir"/{state,spool.n0,spool.n1}
  chmod 755 "$dir"
  dd if=/dev/urandom of="$dir/munge.key" bs=1024 count=1 status=none
  chmod 400 "$dir/munge.key"
  munged --force --num-threads=2 --socket="$dir/munge.socket" --key-file="$dir/munge.key" --pid-file="$dir/munged.pid" \
    --log-file="$dir/munged.log" --seed-file="$dir/munged.seed"
  configure
  slurmctld -c
  slurmd -N n0
  slurmd -N n1
  for _ in $(seq 100); do
    [ "$(sinfo --noheader --Node --states=idle --format=%N 2>/dev/null | wc -l)" = 2 ] && return
    sleep 0.2
  done
  echo "the nodes did not come up: $(tail -n 3 "$dir"/slurmctld.log "$dir"/slurmd.n?.log)" >&2
  return 1
}

down() {
  [ -f "$SLURM_CONF" ] || return 0
  if sinfo >/dev/null 2>&1; then
    scancel --user="$(id -un)" || true
    for _ in $(seq 100); do
      [ -z "$(squeue --noheader 2>/dev/null)" ] && break
      sleep 0.2
    done
  fi
  for name in slurmctld slurmd.n0 slurmd.n1 munged; do
    if [ -f "$dir/$name.pid" ]; then kill "$(cat "$dir/$name.pid")" 2>/dev/null || true; fi
  done
}

case $action in
  up) up || { down; exit 1; } ;;
  down) down ;;
  *) usage ;;
esac
