"""The paper's three experiments: every model trained, tested on the same cases, and its tables and figures.

``design`` says which models are compared, ``config`` what can be set, ``cells`` makes and tests one model, ``results``
reads what the cells left, and ``tables``, ``table_files`` and ``figures`` show it.
"""
