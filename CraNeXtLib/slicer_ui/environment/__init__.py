"""The packages and the Python that computations need: what is there, and getting what is not."""
