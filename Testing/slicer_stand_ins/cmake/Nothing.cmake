# What Slicer does here, package configuration and archives, says nothing about which files are installed.
