"""Training a network without a window, from one configuration.

``config`` says what can be set, ``run.train`` does it. Importing this package is cheap; ``run`` needs Lightning.
"""
