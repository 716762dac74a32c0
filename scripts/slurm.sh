#!/usr/bin/env bash
# The full setting as a SLURM array, a shard a task; all tasks share this checkout and one folder:
#
#   scripts/environment --gpu
#   sbatch --array=1-6 scripts/slurm.sh        (add --gres=gpu:1, --partition=... as you need)
#   .venv/bin/python -m reports build --sessions .asv/sessions/slurm        when all have ended
#
# A task that was preempted or timed out goes on where it stopped: submit the same array again. For
# some of its tasks alone, say how many there are: SHARDS=6 sbatch --array=3,5 scripts/slurm.sh
# SETTING measures less (default, smoke); REMEDIES_MACHINE names the machine; VENV the environment.
#SBATCH --job-name=remedies
#SBATCH --exclusive
#SBATCH --cpus-per-task=4
#SBATCH --time=12:00:00
#SBATCH --signal=TERM@120
#SBATCH --requeue
#SBATCH --output=slurm-%A-%a.log
set -euo pipefail
if [ -z "${SLURM_ARRAY_TASK_ID:-}" ]; then
  sed -n '2,/^#SBATCH/{/^#SBATCH/!s/^# \{0,1\}//p}' "$0"
  exit 2
fi
shards=${SHARDS:-${SLURM_ARRAY_TASK_COUNT:-}}
if [ -z "${SHARDS:-}" ] && [ "${SLURM_ARRAY_TASK_MIN:-}-${SLURM_ARRAY_TASK_MAX:-}" != "1-$shards" ]; then
  # Else a part of an array would be split anew, and measure other cells than before.
  printf 'scripts/slurm.sh: submit --array=1-N, or say with SHARDS=N how many shards there are\n' >&2
  exit 2
fi
cd "${SLURM_SUBMIT_DIR:-.}"
export REMEDIES_MACHINE=${REMEDIES_MACHINE:-${SLURM_JOB_PARTITION:-slurm}}
exec srun "${VENV:-.venv}/bin/python" -m benchmarks --setting "${SETTING:-full}" \
  --shard "$SLURM_ARRAY_TASK_ID/$shards" --sessions .asv/sessions/slurm
