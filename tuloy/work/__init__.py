"""A goal at work: the steps, joins, gates and landings of one run, without the flow that orders them."""
