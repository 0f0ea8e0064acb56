"""The sub-commands of ``cranext``, a file each.

Each has ``add_to(commands)``, which declares its options, and functions that run it with the parsed options and a
progress printer. Heavy imports wait until a command runs.
"""
