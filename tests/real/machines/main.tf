terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}

provider "aws" {
  region = "eu-central-1"
}

data "aws_ami" "linux" {
  most_recent = true
  owners      = ["amazon"]

  filter {
    name   = "name"
    values = ["al2023-ami-2023*-x86_64"]
  }

  filter {
    name   = "virtualization-type"
    values = ["hvm"]
  }
}

data "aws_ami" "ubuntu" {
  most_recent = true
  owners      = ["099720109477"]

  filter {
    name   = "name"
    values = ["ubuntu/images/hvm-ssd*/ubuntu-noble-24.04-amd64-server-*"]
  }
}

data "aws_ssm_parameter" "linux" {
  name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
}

variable "type" {
  type    = string
  default = "t3.micro"
}

variable "tag" {
  type    = string
  default = "first"
}

resource "aws_vpc" "this" {
  cidr_block           = "10.20.0.0/16"
  enable_dns_hostnames = true
  tags                 = { Name = "machines" }
}

resource "aws_subnet" "first" {
  vpc_id            = aws_vpc.this.id
  cidr_block        = "10.20.1.0/24"
  availability_zone = "eu-central-1a"
}

resource "aws_subnet" "second" {
  vpc_id                  = aws_vpc.this.id
  cidr_block              = "10.20.2.0/24"
  availability_zone       = "eu-central-1a"
  map_public_ip_on_launch = true
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id
}

resource "aws_security_group" "ping" {
  name   = "ping"
  vpc_id = aws_vpc.this.id

  ingress {
    from_port   = -1
    to_port     = -1
    protocol    = "icmp"
    cidr_blocks = ["10.20.0.0/16"]
  }

  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_key_pair" "this" {
  key_name   = "mine"
  public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0Aa0yPbGCTfmbkMq6vuKGjTtZ1d0Y9r8nAVGPpEChQ mine@example.com"
}

resource "aws_instance" "first" {
  ami                    = data.aws_ami.linux.id
  instance_type          = var.type
  subnet_id              = aws_subnet.first.id
  private_ip             = "10.20.1.20"
  key_name               = aws_key_pair.this.key_name
  vpc_security_group_ids = [aws_security_group.ping.id]
  user_data              = "#!/bin/sh\necho hello\n"

  root_block_device {
    volume_size = 10
    volume_type = "gp3"
  }

  metadata_options {
    http_tokens = "required"
  }

  tags = { Name = var.tag }
}

resource "aws_network_interface" "second" {
  subnet_id         = aws_subnet.second.id
  private_ips       = ["10.20.2.20", "10.20.2.21"]
  security_groups   = [aws_security_group.ping.id]
  source_dest_check = false
  tags              = { Name = "second" }
}

resource "aws_network_interface_attachment" "second" {
  instance_id          = aws_instance.first.id
  network_interface_id = aws_network_interface.second.id
  device_index         = 1
}

resource "aws_instance" "second" {
  ami                    = data.aws_ami.ubuntu.id
  instance_type          = "t3.micro"
  subnet_id              = aws_subnet.second.id
  vpc_security_group_ids = [aws_security_group.ping.id]
  source_dest_check      = false
  iam_instance_profile   = aws_iam_instance_profile.machine.name
  tags                   = { Name = "second" }
}

resource "aws_eip" "first" {
  domain = "vpc"
}

resource "aws_eip_association" "first" {
  network_interface_id = aws_instance.first.primary_network_interface_id
  allocation_id        = aws_eip.first.id
}

resource "aws_route_table" "first" {
  vpc_id = aws_vpc.this.id

  route {
    cidr_block           = "192.168.0.0/16"
    network_interface_id = aws_instance.second.primary_network_interface_id
  }
}

resource "aws_route_table_association" "first" {
  subnet_id      = aws_subnet.first.id
  route_table_id = aws_route_table.first.id
}

resource "aws_launch_template" "third" {
  name          = "third"
  image_id      = data.aws_ssm_parameter.linux.insecure_value
  instance_type = "t3.small"

  network_interfaces {
    subnet_id       = aws_subnet.first.id
    security_groups = [aws_security_group.ping.id]
  }
}

resource "aws_instance" "third" {
  launch_template {
    id      = aws_launch_template.third.id
    version = "$Latest"
  }
}

resource "aws_ebs_volume" "third" {
  availability_zone = aws_subnet.first.availability_zone
  size              = 4
}

resource "aws_volume_attachment" "third" {
  device_name = "/dev/sdf"
  volume_id   = aws_ebs_volume.third.id
  instance_id = aws_instance.third.id
}

resource "aws_iam_role" "machine" {
  name = "machine"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ec2.amazonaws.com" }
    }]
  })
}

resource "aws_iam_instance_profile" "machine" {
  name = "machine"
  role = aws_iam_role.machine.name
}

output "first" {
  value = aws_instance.first.id
}

output "interfaces" {
  value = [aws_instance.first.primary_network_interface_id, aws_network_interface.second.id]
}

output "second_address" {
  value = aws_instance.second.private_ip
}
