"""Whatever is killed, and whenever: nothing is lost and nothing is counted twice.

`make crash` kills at random (ROUNDS=n, SEED=n) and at every step; `make soak` looks for what grows.
The end-to-end tests do a little of each.
"""
