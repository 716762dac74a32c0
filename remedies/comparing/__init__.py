"""Each remedy tried on a user's model: what it keeps, and what its steps cost."""
