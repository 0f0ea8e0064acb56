"""A case as DICOM files for the archive of a clinic, beside the CT that it was made from."""
