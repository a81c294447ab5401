# Sourced by dist_train.sh and dist_test.sh.

# Start a script in processes that are connected to each other:
#   launch PROCESSES SCRIPT [arguments]
launch() {
    local processes=$1
    shift
    if ! [[ $processes =~ ^[1-9][0-9]*$ ]]; then
        echo "error: GPUS must be the number of processes of this machine, got '$processes'" >&2
        return 2
    fi
    local meeting=(
        --nnodes="${NNODES:-1}" --node_rank="${NODE_RANK:-0}"
        --master_addr="${MASTER_ADDR:-127.0.0.1}" --master_port="${PORT:-29500}"
    )
    if [ "${NNODES:-1}" = 1 ] && [ -z "${PORT:-}" ]; then
        meeting=(--standalone) # a free port
    fi
    export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
    exec "${PYTHON:-python}" -m torch.distributed.run "${meeting[@]}" \
        --nproc_per_node="$processes" "$@" --launcher pytorch
}
