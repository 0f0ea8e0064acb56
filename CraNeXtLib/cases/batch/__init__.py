"""Many cases, in sequence or in parallel, on one computer or a cluster."""
