"""`make faults`: faults under load, then every acknowledged write and every watching client judged by the database."""
