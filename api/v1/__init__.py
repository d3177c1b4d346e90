"""Version 1 of the JSON API, one module for each part of it."""
