terraform {
  required_providers {
    aws     = { source = "hashicorp/aws" }
    azurerm = { source = "hashicorp/azurerm" }
  }
}

provider "aws" {
  region = "eu-west-1"

  default_tags {
    tags = { Project = var.name }
  }
}

provider "azurerm" {
  features {}
}

variable "name" { type = string }

variable "tag" {
  type    = string
  default = "first"
}

variable "type" {
  type    = string
  default = "t3.micro"
}

variable "checked" {
  type    = bool
  default = true
}

variable "forwarding" {
  type    = bool
  default = false
}

variable "address_at" {
  type    = string
  default = "other"
}

variable "public_key" {
  type    = string
  default = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQCvLQEPs71nyfxHs/Igwr47kXQRi4SxmX8ZJF5tigg91BGowe2fUWsm/oTEDq2nMtJTI6tFLj5MF7lk0JIciWxzZinw68k6Y3FiEW/4VB+wcv6qDBoDH+zAZLnWjbb98kElx5U+dAxeJcCgrE7ytNA7LNgnzAlh7BTMS9MXs3Bh/ffWHekj47vyTP/x5hLLc0/xnFpb0Q5cVsDEUYFvwoXDAAumAsVl3N/lU0impWSlbfRvazrqxHWYCP+cNc2TQeNlrmMo8TiklJYMpsHU+LcmiVYNVAYt1nctiPQtMYp0lRL3Jq7lz96+Z9imPGXHo14Kh322ZIxEiuwqQMA1/HRx"
}

data "aws_ami" "this" {
  most_recent = true
  owners      = ["amazon"]
  name_regex  = "^al2023-ami-2023.*-x86_64$"

  filter {
    name   = "virtualization-type"
    values = ["hvm"]
  }
}

resource "aws_vpc" "this" {
  cidr_block = "10.30.0.0/16"
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id
}

resource "aws_subnet" "this" {
  vpc_id            = aws_vpc.this.id
  cidr_block        = "10.30.1.0/24"
  availability_zone = "eu-west-1a"
}

resource "aws_security_group" "this" {
  count = 2

  name   = "${var.name}-${count.index}"
  vpc_id = aws_vpc.this.id
}

resource "aws_key_pair" "this" {
  key_name   = var.name
  public_key = var.public_key
}

resource "aws_instance" "this" {
  ami                    = data.aws_ami.this.id
  instance_type          = var.type
  subnet_id              = aws_subnet.this.id
  private_ip             = "10.30.1.20"
  vpc_security_group_ids = var.checked ? [aws_security_group.this[0].id] : aws_security_group.this[*].id
  key_name               = aws_key_pair.this.key_name
  source_dest_check      = var.checked
  monitoring             = true
  user_data              = "#!/bin/sh\necho hello\n"
  tags                   = { Name = var.tag }

  metadata_options {
    http_tokens = "required"
  }

  root_block_device {
    volume_size = 12
    volume_type = "gp3"
  }

  credit_specification {
    cpu_credits = "standard"
  }
}

resource "aws_instance" "other" {
  ami                         = data.aws_ami.this.id
  instance_type               = "c6i.large"
  subnet_id                   = aws_subnet.this.id
  associate_public_ip_address = false
  depends_on                  = [aws_internet_gateway.this]
}

resource "aws_network_interface" "this" {
  subnet_id         = aws_subnet.this.id
  private_ips       = ["10.30.1.30", "10.30.1.31"]
  security_groups   = [aws_security_group.this[0].id]
  source_dest_check = var.checked
  description       = var.tag
}

resource "aws_network_interface_attachment" "this" {
  instance_id          = aws_instance.this.id
  network_interface_id = aws_network_interface.this.id
  device_index         = 1
}

resource "aws_eip" "associated" {
  domain = "vpc"
}

resource "aws_eip_association" "this" {
  allocation_id        = aws_eip.associated.id
  network_interface_id = aws_instance.this.primary_network_interface_id
}

resource "aws_eip" "this" {
  domain            = "vpc"
  instance          = var.address_at == "other" ? aws_instance.other.id : null
  network_interface = var.address_at == "interface" ? aws_network_interface.this.id : null
  depends_on        = [aws_internet_gateway.this]
}

resource "azurerm_resource_group" "this" {
  name     = var.name
  location = "westeurope"
}

resource "azurerm_virtual_network" "this" {
  name                = "vnet"
  location            = azurerm_resource_group.this.location
  resource_group_name = azurerm_resource_group.this.name
  address_space       = ["10.31.0.0/16"]
}

resource "azurerm_subnet" "this" {
  name                 = "machines"
  resource_group_name  = azurerm_resource_group.this.name
  virtual_network_name = azurerm_virtual_network.this.name
  address_prefixes     = ["10.31.1.0/24"]
}

resource "azurerm_application_security_group" "this" {
  name                = "asg"
  location            = azurerm_resource_group.this.location
  resource_group_name = azurerm_resource_group.this.name
  tags                = { step = var.tag }
}

resource "azurerm_network_security_group" "this" {
  name                = "nsg"
  location            = azurerm_resource_group.this.location
  resource_group_name = azurerm_resource_group.this.name
}

resource "azurerm_public_ip" "this" {
  name                = "pip"
  location            = azurerm_resource_group.this.location
  resource_group_name = azurerm_resource_group.this.name
  allocation_method   = "Static"
}

resource "azurerm_network_interface" "this" {
  name                  = "nic"
  location              = azurerm_resource_group.this.location
  resource_group_name   = azurerm_resource_group.this.name
  ip_forwarding_enabled = var.forwarding
  tags                  = { step = var.tag }

  ip_configuration {
    name                          = "first"
    primary                       = true
    subnet_id                     = azurerm_subnet.this.id
    private_ip_address_allocation = "Dynamic"
    public_ip_address_id          = azurerm_public_ip.this.id
  }

  ip_configuration {
    name                          = "second"
    subnet_id                     = azurerm_subnet.this.id
    private_ip_address_allocation = "Static"
    private_ip_address            = "10.31.1.40"
  }
}

resource "azurerm_network_interface_security_group_association" "this" {
  network_interface_id      = azurerm_network_interface.this.id
  network_security_group_id = azurerm_network_security_group.this.id
}

resource "azurerm_network_interface_application_security_group_association" "this" {
  network_interface_id          = azurerm_network_interface.this.id
  application_security_group_id = azurerm_application_security_group.this.id
}

resource "azurerm_linux_virtual_machine" "this" {
  name                  = "machine"
  location              = azurerm_resource_group.this.location
  resource_group_name   = azurerm_resource_group.this.name
  size                  = "Standard_B1s"
  admin_username        = "operator"
  network_interface_ids = [azurerm_network_interface.this.id]
  custom_data           = base64encode("#cloud-config")
  tags                  = { step = var.tag }

  admin_ssh_key {
    username   = "operator"
    public_key = var.public_key
  }

  os_disk {
    caching              = "ReadWrite"
    storage_account_type = "Standard_LRS"
  }

  source_image_reference {
    publisher = "Canonical"
    offer     = "ubuntu-24_04-lts"
    sku       = "server"
    version   = "latest"
  }
}
