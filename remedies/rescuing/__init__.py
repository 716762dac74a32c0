"""What a file still holds, put back into a model."""
