"""Measurements for BENCHMARKS.md; started by Scripts/bench."""
