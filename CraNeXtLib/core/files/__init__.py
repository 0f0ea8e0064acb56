"""Files that appear whole or not at all, strict JSON and CSV, locks, hashes."""
