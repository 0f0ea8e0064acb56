"""Building blocks of all panels."""
