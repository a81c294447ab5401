#!/usr/bin/env bash
# Score a checkpoint in several processes, on one machine or several:
#   tools/dist_test.sh CONFIG CHECKPOINT GPUS [options of tools/test.py]
# NNODES, NODE_RANK, MASTER_ADDR and PORT as for tools/dist_train.sh.
set -euo pipefail
if [ $# -lt 3 ]; then
    sed -n '2,4s/^# //p' "$0" >&2
    exit 2
fi
tools=$(dirname "$0")
config=$1 checkpoint=$2 processes=$3
shift 3
source "$tools/launch.sh"
launch "$processes" "$tools/test.py" "$config" "$checkpoint" "$@"
