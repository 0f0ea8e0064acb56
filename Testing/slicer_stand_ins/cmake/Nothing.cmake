# Stands in for package configuration and archives, which do not affect the installed files.
