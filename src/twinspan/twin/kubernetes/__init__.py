"""Real Kubernetes clusters on the data plane: what EKS and AKS run on the twin."""
