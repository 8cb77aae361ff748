"""One thin Prefect task per kind of work. The work itself is in `tuloy.work`."""
