# One machine on each side to send from. Each admits the other side and nothing else.

variable "ssh_public_key" {
  type        = string
  description = "Public key that both machines admit. Nobody has the private half of the default."
  default     = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQCvLQEPs71nyfxHs/Igwr47kXQRi4SxmX8ZJF5tigg91BGowe2fUWsm/oTEDq2nMtJTI6tFLj5MF7lk0JIciWxzZinw68k6Y3FiEW/4VB+wcv6qDBoDH+zAZLnWjbb98kElx5U+dAxeJcCgrE7ytNA7LNgnzAlh7BTMS9MXs3Bh/ffWHekj47vyTP/x5hLLc0/xnFpb0Q5cVsDEUYFvwoXDAAumAsVl3N/lU0impWSlbfRvazrqxHWYCP+cNc2TQeNlrmMo8TiklJYMpsHU+LcmiVYNVAYt1nctiPQtMYp0lRL3Jq7lz96+Z9imPGXHo14Kh322ZIxEiuwqQMA1/HRx"
}

data "aws_ami" "linux" {
  most_recent = true
  owners      = ["amazon"]

  filter {
    name   = "name"
    values = ["al2023-ami-2023*-x86_64"]
  }
}

resource "aws_key_pair" "tester" {
  key_name   = "tester"
  public_key = var.ssh_public_key
}

resource "aws_security_group" "from_branch" {
  name        = "from-branch"
  description = "The branch office"
  vpc_id      = aws_vpc.office.id

  ingress {
    description = "Everything from the VNet"
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["10.61.0.0/16"]
  }

  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_instance" "server" {
  ami                    = data.aws_ami.linux.id
  instance_type          = "t3.micro"
  subnet_id              = aws_subnet.servers.id
  vpc_security_group_ids = [aws_security_group.from_branch.id]
  key_name               = aws_key_pair.tester.key_name

  metadata_options {
    http_tokens = "required"
  }

  root_block_device {
    volume_type = "gp3"
  }

  tags = { Name = "server" }
}

resource "azurerm_network_security_group" "desktop" {
  name                = "nsg-desktop"
  location            = azurerm_resource_group.branch.location
  resource_group_name = azurerm_resource_group.branch.name

  security_rule {
    name                       = "from-office"
    priority                   = 100
    direction                  = "Inbound"
    access                     = "Allow"
    protocol                   = "*"
    source_port_range          = "*"
    source_address_prefix      = "10.60.0.0/16"
    destination_port_range     = "*"
    destination_address_prefix = "*"
  }
}

resource "azurerm_network_interface" "desktop" {
  name                = "nic-desktop"
  location            = azurerm_resource_group.branch.location
  resource_group_name = azurerm_resource_group.branch.name

  ip_configuration {
    name                          = "internal"
    subnet_id                     = azurerm_subnet.desktops.id
    private_ip_address_allocation = "Dynamic"
  }
}

resource "azurerm_network_interface_security_group_association" "desktop" {
  network_interface_id      = azurerm_network_interface.desktop.id
  network_security_group_id = azurerm_network_security_group.desktop.id
}

resource "azurerm_linux_virtual_machine" "desktop" {
  name                  = "desktop"
  location              = azurerm_resource_group.branch.location
  resource_group_name   = azurerm_resource_group.branch.name
  size                  = "Standard_B1s"
  admin_username        = "tester"
  network_interface_ids = [azurerm_network_interface.desktop.id]

  admin_ssh_key {
    username   = "tester"
    public_key = var.ssh_public_key
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
