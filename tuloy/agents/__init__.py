"""Who does a step: the Agent protocol, its kinds, and the processes they start."""
