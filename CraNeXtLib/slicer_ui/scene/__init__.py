"""What a run leaves in the MRML scene: nodes, tables, charts, views."""
