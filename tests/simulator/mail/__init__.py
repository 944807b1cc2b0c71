"""The simulated post office against the clients that Leadwire uses."""
