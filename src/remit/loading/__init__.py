"""Run the files of a project as they are written, and have what they declared judged."""
