"""A question taken apart: what it names, restricts and asks for."""
