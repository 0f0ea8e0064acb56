"""From a patient's CT to the mask of the defective skull: reading, bone, and what to know about the scan."""
