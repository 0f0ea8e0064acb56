"""Training a network from one configuration: what can be set, the samples, the run and the model that it leaves.

Importing this package is cheap. Only ``train``, ``data``, ``module`` and the samples need Lightning and PyTorch.
"""
