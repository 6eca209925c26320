"""Benchmarks, one command each (`make bench-NAME`): every figure beside a control of the same run. No timed tests."""
