"""Generated land-cover scenes with labels."""
