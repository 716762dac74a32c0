"""What the workflows tell GitHub: one comment, one issue, one pull request. Standard library only.

The jobs that hold a token with write permission run this and nothing else, on a bare Python.
"""
