#!/usr/bin/env bash
# Train on a slurm cluster:
#   tools/slurm_train.sh PARTITION JOB_NAME CONFIG [options of tools/train.py]
#   GPUS=16 GPUS_PER_NODE=8 SRUN_ARGS="--time=2-0 --signal=TERM@120" tools/slurm_train.sh ...
# GPUS counts the processes of all machines. GPUS_PER_NODE=0 runs them on CPUs.
# On SIGTERM (--signal, scancel, preemption) a checkpoint is saved first; --resume continues from it.
set -euo pipefail
if [ $# -lt 3 ]; then
    sed -n '2,6s/^# //p' "$0" >&2
    exit 2
fi
partition=$1 name=$2 config=$3
shift 3
processes=${GPUS:-8} per_node=${GPUS_PER_NODE:-8}
resources=(--ntasks="$processes")
if [ "$per_node" -gt 0 ]; then
    per_node=$((per_node < processes ? per_node : processes))
    resources+=(--gres="gpu:$per_node" --ntasks-per-node="$per_node")
fi
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
# two jobs can share a machine
export MASTER_PORT=${PORT:-$((20000 + RANDOM % 10000))}
# shellcheck disable=SC2086 # SRUN_ARGS are multiple words
exec srun --partition="$partition" --job-name="$name" "${resources[@]}" \
    --cpus-per-task="${CPUS_PER_TASK:-5}" --kill-on-bad-exit=1 ${SRUN_ARGS:-} \
    "${PYTHON:-python}" -u "$(dirname "$0")/train.py" "$config" --launcher slurm "$@"
