"""The asv suite. No module here imports TensorFlow when it is imported: asv forks from them."""
