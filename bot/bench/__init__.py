"""Benchmarks: the product's own figures, measured on real engines."""
