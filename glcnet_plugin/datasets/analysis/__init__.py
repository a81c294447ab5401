"""Statistics, class weights, splits by ground, and the dataset check."""
