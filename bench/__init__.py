"""Measurements with the real clock and real processes: `python -m bench answer`. Not part of the distribution."""
