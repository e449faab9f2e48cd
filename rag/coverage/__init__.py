"""Every document of a collection asked the same thing."""
