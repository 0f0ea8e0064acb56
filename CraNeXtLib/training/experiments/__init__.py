"""The paper's three experiments: every model is trained, tested on the same cases, and shown in tables and figures.

``design`` lists the models and comparisons, ``config`` has the settings, ``cells`` trains and tests one model,
``results`` reads what the cells wrote, and ``tables``, ``table_files`` and ``figures`` present it.
"""
