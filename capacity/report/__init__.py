"""Shows a study: figures, pages, files for other programs; `publish` puts them in a folder, whole or not."""
