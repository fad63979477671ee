"""The network of a policy, in NumPy: each file computes one of its parts."""
