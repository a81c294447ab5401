"""Running the jobs of a study."""
