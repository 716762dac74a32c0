"""A small convolutional network that fills in a hole, written once per remedy."""
