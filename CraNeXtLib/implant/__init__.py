"""From a completed skull to an implant, its measures, and a part that can be made."""
