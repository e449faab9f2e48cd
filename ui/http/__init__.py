"""The HTTP door: FastAPI routes over a desk."""
