"""`python -m bench.machines` (as root, on Linux): the fault run over many machines, one cut off at a time."""
