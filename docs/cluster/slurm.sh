#!/usr/bin/env bash
#SBATCH --job-name=ssc_tune
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=16
#SBATCH --gpus-per-task=1
#SBATCH --time=24:00:00
# Usage: sbatch docs/cluster/slurm.sh STUDY.yaml --storage /shared/runs
#
# srun starts this on every node: Ray on each, the study on the first, and Ray's end when the study ends. When the time
# is up, sbatch the same again: what is finished is kept. The token file must lie where every node reads it.
set -euo pipefail

export RAY_AUTH_MODE=token
export RAY_AUTH_TOKEN_PATH="${RAY_AUTH_TOKEN_PATH:-$HOME/.ray/auth_token}"
head=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
port=$((20000 + SLURM_JOB_ID % 10000))

srun ray symmetric-run --address "$head:$port" --min-nodes "$SLURM_NNODES" \
    --num-cpus "$SLURM_CPUS_PER_TASK" -- \
    python -m ssc_tune.run "$@" --address "$head:$port"
