"""Many cases, one after the other or side by side, on one computer or a cluster."""
