"""Two commits of the recipes, measured side by side: what `scripts/pr_check` is made of."""
