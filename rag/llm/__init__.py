"""Language models: bounded, guarded, and never believed."""
