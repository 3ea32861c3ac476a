"""The words of each mail: templates that an administrator may edit, and the line that says why the mail came."""
