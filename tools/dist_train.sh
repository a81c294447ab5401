#!/usr/bin/env bash
# Train in several processes, on one machine or several:
#   tools/dist_train.sh CONFIG GPUS [options of tools/train.py]
#   NNODES=2 NODE_RANK=0 MASTER_ADDR=10.0.0.1 PORT=29500 tools/dist_train.sh CONFIG GPUS   # one line per machine
# GPUS counts the processes of this machine; without a GPU they run on the CPU.
set -euo pipefail
if [ $# -lt 2 ]; then
    sed -n '2,5s/^# //p' "$0" >&2
    exit 2
fi
tools=$(dirname "$0")
config=$1 processes=$2
shift 2
source "$tools/launch.sh"
launch "$processes" "$tools/train.py" "$config" "$@"
