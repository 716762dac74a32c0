"""The article's own model, written once per remedy: each module here is a recipe to copy."""
