"""Whether a change made anything worse: two commits' results, judged."""
