"""Remote-sensing data: unlabelled images, labelled folders, and their transforms."""
