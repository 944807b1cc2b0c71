"""The simulated Twilio against Twilio's own SDK."""
