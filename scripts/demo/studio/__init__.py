"""A small film studio: sets, people, light and camera, painted procedurally."""
