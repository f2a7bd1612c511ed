"""Subnet groups of RDS, ElastiCache and Redshift: all that the twin has of these services.

moto's three kinds look at subnets in three ways, and none of them checks what AWS checks; here is one.
"""
