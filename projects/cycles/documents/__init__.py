"""A paper of the file as an official document: what is on the sheet, and the sheet as PDF and as Word (GB/T 9704)."""
