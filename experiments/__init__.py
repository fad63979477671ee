"""Programs, one verb each: `python -m experiments.<verb> --help`."""
