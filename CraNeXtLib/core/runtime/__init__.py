"""The machine: devices, memory, installed packages, child processes."""
