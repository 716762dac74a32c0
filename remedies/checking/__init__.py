"""What a save and load loses of a user's model, why, and what to do."""
