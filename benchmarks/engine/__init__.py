"""How the numbers are measured: plans, fresh processes, and paired sampling inside each of them."""
