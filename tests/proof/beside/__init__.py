"""Our recognitions beside other clients: the services they are heard by, and the speech."""
