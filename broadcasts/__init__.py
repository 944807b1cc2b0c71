"""Mailings: one list of blocks for every channel, who gets it, and when. Decides in pure functions."""
