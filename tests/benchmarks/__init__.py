"""Measurements of the reference workload, on loopback, bounded; `make bench`."""
