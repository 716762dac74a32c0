"""What one training or predict step is: its program, its Python calls, its time."""
