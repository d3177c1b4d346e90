"""The only writer of events: record, project, replay, issue; and the questions asked of what follows from the log."""
