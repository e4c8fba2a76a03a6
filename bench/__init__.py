"""Throughput, latency and scale, as ratios against the bare limit measured in the same run."""
