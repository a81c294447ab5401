"""What takes part in MM's training loops."""
