"""The data-plane agent: namespaces, IPsec, BGP, routes and filters."""
