"""How good an implant is: metrics against a reference, distance maps, the checklist, cohorts and their statistics."""
