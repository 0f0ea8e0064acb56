"""Files that appear whole or not at all, strict JSON and YAML, locks, and hashes."""
