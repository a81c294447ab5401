"""Launch, data loading, checks and hooks of training runs."""
