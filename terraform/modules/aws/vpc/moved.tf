moved {
  from = aws_vpc_security_group_egress_rule.far_side
  to   = aws_vpc_security_group_egress_rule.remote
}

moved {
  from = aws_vpc_security_group_ingress_rule.far_side
  to   = aws_vpc_security_group_ingress_rule.remote
}
