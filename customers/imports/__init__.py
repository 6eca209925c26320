"""Importing customers from CSV: what a column means, which rows are right, and how they are written fast."""
