"""The MRML scene: nodes that runs read and write, tables, charts and views."""
