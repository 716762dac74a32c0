"""The suite's step times the way asv's own documentation would have them, to compare with."""
