"""What a request must be before moto sees it: a served operation, with parameters that its model allows."""
