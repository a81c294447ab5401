"""Algorithms, heads, losses and the pure functions behind them."""
