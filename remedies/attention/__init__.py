"""A transformer block over padded sequences, written once per remedy."""
