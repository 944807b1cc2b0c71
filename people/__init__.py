"""Who is who: names, likely duplicates, and why two cards may be one person. Decides in pure functions."""
