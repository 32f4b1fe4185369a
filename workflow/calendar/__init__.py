"""Chinese working days and the dates that hang on them. Pure: no database, no clock."""
