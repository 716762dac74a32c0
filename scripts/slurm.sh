#!/usr/bin/env bash
# The full setting as a SLURM array, a shard a task; all tasks share this checkout and one folder:
#
#   scripts/environment --gpu
#   SHARDS=6 sbatch --array=1-6 scripts/slurm.sh        (add --gres=gpu:1, --partition=... as needed)
#   .venv/bin/python -m reports build --sessions .asv/sessions/slurm        when all have ended
#
# A task that was preempted or timed out goes on where it stopped: submit the same array again, or
# those of its tasks alone (--array=3,5), with the same SHARDS.
# SETTING measures less (default, smoke); REMEDIES_MACHINE names the machine; VENV the environment.
#SBATCH --job-name=remedies
#SBATCH --exclusive
#SBATCH --cpus-per-task=4
#SBATCH --time=12:00:00
#SBATCH --signal=TERM@120
#SBATCH --requeue
#SBATCH --output=slurm-%A-%a.log
set -euo pipefail
cd "${SLURM_SUBMIT_DIR:-.}"
export REMEDIES_MACHINE=${REMEDIES_MACHINE:-${SLURM_JOB_PARTITION:-slurm}}
shard=${SLURM_ARRAY_TASK_ID:?submit this with sbatch --array}/${SHARDS:?say how many shards there are}
exec srun "${VENV:-.venv}/bin/python" -m benchmarks --setting "${SETTING:-full}" \
  --shard "$shard" --sessions .asv/sessions/slurm
