"""The sub-commands of ``cranext``, one file each.

Each file has ``add_to(commands)``, which declares the options, and functions that run the command with the parsed
options and a progress printer. Heavy imports wait until a command runs.
"""
