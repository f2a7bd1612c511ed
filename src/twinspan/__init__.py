"""twinspan: a redundant, encrypted network between AWS and Azure, rehearsed on one machine."""
