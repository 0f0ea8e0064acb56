"""The Python and the packages that computations need: checking and installing them."""
