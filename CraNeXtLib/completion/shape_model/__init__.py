"""PCA-skull: the statistical shape model of the brain case, and completing a skull with it."""
