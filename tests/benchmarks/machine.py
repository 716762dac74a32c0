"""A made-up machine: a clock that only what is timed moves."""

import random


class Machine:
    """A clock in seconds, and calls that each take a stated time on it."""

    def __init__(self, noise=0.0):
        self.now = 0.0
        self.calls = []
        self.random = random.Random(0)
        self.noise = noise

    def clock(self):
        return self.now

    def call(self, name, seconds):
        def run():
            self.calls.append(name)
            self.now += seconds * (1 + self.noise * self.random.random())

        return run
