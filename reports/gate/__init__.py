"""Whether a change made anything worse: two runs compared, and a verdict that is never blind."""
