"""Dividing a skull into eight regions, and naming those that a defect takes."""
