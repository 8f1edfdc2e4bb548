"""`tactful demo`: real purchases, from the files to offers over HTTP."""
