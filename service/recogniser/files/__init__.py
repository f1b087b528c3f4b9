"""A whole file over HTTP: its form, its upload or download, its transcript, its rendering."""
