"""Documents in and out: spreadsheets, map files, the certifier's pack. Bytes to plain values and back; nothing else."""
