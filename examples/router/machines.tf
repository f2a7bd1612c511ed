variable "ssh_public_key" {
  type        = string
  description = "Public key that all machines admit. Nobody has the private half of the default."
  default     = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQCvLQEPs71nyfxHs/Igwr47kXQRi4SxmX8ZJF5tigg91BGowe2fUWsm/oTEDq2nMtJTI6tFLj5MF7lk0JIciWxzZinw68k6Y3FiEW/4VB+wcv6qDBoDH+zAZLnWjbb98kElx5U+dAxeJcCgrE7ytNA7LNgnzAlh7BTMS9MXs3Bh/ffWHekj47vyTP/x5hLLc0/xnFpb0Q5cVsDEUYFvwoXDAAumAsVl3N/lU0impWSlbfRvazrqxHWYCP+cNc2TQeNlrmMo8TiklJYMpsHU+LcmiVYNVAYt1nctiPQtMYp0lRL3Jq7lz96+Z9imPGXHo14Kh322ZIxEiuwqQMA1/HRx"
}

data "aws_ami" "linux" {
  most_recent = true
  owners      = ["amazon"]

  filter {
    name   = "name"
    values = ["al2023-ami-2023*-x86_64"]
  }

  filter {
    name   = "architecture"
    values = ["x86_64"]
  }
}

resource "aws_key_pair" "operator" {
  key_name_prefix = "operator-"
  public_key      = var.ssh_public_key
}

resource "aws_security_group" "inside" {
  name        = "inside"
  description = "The VPC and Azure"
  vpc_id      = aws_vpc.hub.id

  ingress {
    description = "Everything from the VPC and from Azure"
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = [aws_vpc.hub.cidr_block, "10.81.0.0/16"]
  }

  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

# source_dest_check = false on both interfaces: else AWS drops what is not from or to the router itself.
resource "aws_instance" "router" {
  ami                    = data.aws_ami.linux.id
  instance_type          = "t3.small"
  subnet_id              = aws_subnet.edge.id
  private_ip             = "10.80.0.10"
  vpc_security_group_ids = [aws_security_group.inside.id]
  source_dest_check      = false
  key_name               = aws_key_pair.operator.key_name

  user_data = <<-EOT
    #!/bin/sh
    sysctl -w net.ipv4.ip_forward=1
  EOT

  tags = { Name = "router" }
}

resource "aws_network_interface" "router_inner" {
  subnet_id         = aws_subnet.spoke.id
  private_ips       = ["10.80.16.10"]
  security_groups   = [aws_security_group.inside.id]
  source_dest_check = false
  description       = "The router, towards the spoke"
  tags              = { Name = "router-inner" }
}

resource "aws_network_interface_attachment" "router_inner" {
  instance_id          = aws_instance.router.id
  network_interface_id = aws_network_interface.router_inner.id
  device_index         = 1
}

# An address to administer the router from outside.
resource "aws_eip" "router" {
  domain = "vpc"
  tags   = { Name = "router" }
}

resource "aws_eip_association" "router" {
  allocation_id        = aws_eip.router.id
  network_interface_id = aws_instance.router.primary_network_interface_id
}

resource "aws_instance" "worker" {
  ami                    = data.aws_ami.linux.id
  instance_type          = "t3.micro"
  subnet_id              = aws_subnet.spoke.id
  vpc_security_group_ids = [aws_security_group.inside.id]
  key_name               = aws_key_pair.operator.key_name
  tags                   = { Name = "worker" }
}

# Azure: one machine, which an application security group stands for in the rules.

resource "azurerm_application_security_group" "database" {
  name                = "asg-database"
  location            = azurerm_resource_group.data.location
  resource_group_name = azurerm_resource_group.data.name
}

resource "azurerm_network_security_group" "data" {
  name                = "nsg-data"
  location            = azurerm_resource_group.data.location
  resource_group_name = azurerm_resource_group.data.name

  security_rule {
    name                       = "from-spoke"
    priority                   = 110
    direction                  = "Inbound"
    access                     = "Allow"
    protocol                   = "*"
    source_port_range          = "*"
    source_address_prefix      = "10.80.0.0/16"
    destination_port_range     = "*"
    destination_address_prefix = "VirtualNetwork"
  }

  security_rule {
    name                                       = "databases-from-anywhere-inside"
    priority                                   = 120
    direction                                  = "Inbound"
    access                                     = "Allow"
    protocol                                   = "Tcp"
    source_port_range                          = "*"
    source_address_prefix                      = "VirtualNetwork"
    destination_port_range                     = "5432"
    destination_application_security_group_ids = [azurerm_application_security_group.database.id]
  }
}

resource "azurerm_subnet_network_security_group_association" "data" {
  subnet_id                 = azurerm_subnet.data.id
  network_security_group_id = azurerm_network_security_group.data.id
}

resource "azurerm_network_interface" "database" {
  name                = "nic-database"
  location            = azurerm_resource_group.data.location
  resource_group_name = azurerm_resource_group.data.name

  ip_configuration {
    name                          = "primary"
    subnet_id                     = azurerm_subnet.data.id
    private_ip_address_allocation = "Static"
    private_ip_address            = "10.81.1.10"
  }
}

resource "azurerm_network_interface_application_security_group_association" "database" {
  network_interface_id          = azurerm_network_interface.database.id
  application_security_group_id = azurerm_application_security_group.database.id
}

resource "azurerm_linux_virtual_machine" "database" {
  name                            = "database"
  location                        = azurerm_resource_group.data.location
  resource_group_name             = azurerm_resource_group.data.name
  size                            = "Standard_B1s"
  admin_username                  = "operator"
  disable_password_authentication = true
  network_interface_ids           = [azurerm_network_interface.database.id]

  admin_ssh_key {
    username   = "operator"
    public_key = var.ssh_public_key
  }

  os_disk {
    caching              = "ReadWrite"
    storage_account_type = "StandardSSD_LRS"
    disk_size_gb         = 40
  }

  source_image_reference {
    publisher = "Canonical"
    offer     = "ubuntu-24_04-lts"
    sku       = "server"
    version   = "latest"
  }
}
