"""What a model holds, how it is saved and loaded, and what comes back."""
