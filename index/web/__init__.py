"""Pages that are fetched because a person named them: public addresses only, in bounds, as robots.txt allows."""
