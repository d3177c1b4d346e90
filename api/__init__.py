"""HTTP and the command line: the JSON API, the public pages, the settings. Statuses and routes live here only."""
