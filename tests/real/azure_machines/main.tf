terraform {
  required_providers {
    azurerm = { source = "hashicorp/azurerm", version = "5.2.0" }
  }
}

provider "azurerm" {
  features {}
}

variable "tag" {
  type    = string
  default = "one"
}

variable "port" {
  type    = string
  default = "22"
}

locals {
  public_key = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQCqaZoyiz1qbdOQ8xEf6uEu1cCwYowo5FHtsBhqLoDnnp7KUTEBN+L2NxRIfQ781rxV6Iq5jSav6b2Q8z5KiseOlvKA/RF2wqU0UPYqQviQhLmW6THTpmrv/YkUCuzxDpsH7DUDhZcwySLKVVe0Qm3+5N2Ta6UYH3lsDf9R9wTP2K/+vAnflKebuypNlmocIvakFWoZda18FOmsOoIVXQ8HWFNCuw9ZCunMSN62QGamCe3dL5cXlkgHYv7ekJE15IA9aOJcM7e90oeTqo+7HTcWfdu0qQqPWY5ujyMw/llas8tsXY85LFqRnr3gJ02bAscjc477+X+j/gkpFoN1QEmt example"
}

resource "azurerm_resource_group" "this" {
  name     = "rg-machines"
  location = "westeurope"
}

resource "azurerm_virtual_network" "this" {
  name                = "vnet"
  location            = azurerm_resource_group.this.location
  resource_group_name = azurerm_resource_group.this.name
  address_space       = ["10.20.0.0/16"]
}

resource "azurerm_subnet" "a" {
  name                 = "a"
  resource_group_name  = azurerm_resource_group.this.name
  virtual_network_name = azurerm_virtual_network.this.name
  address_prefixes     = ["10.20.1.0/24"]
}

resource "azurerm_subnet" "b" {
  name                 = "b"
  resource_group_name  = azurerm_resource_group.this.name
  virtual_network_name = azurerm_virtual_network.this.name
  address_prefixes     = ["10.20.2.0/24"]
}

resource "azurerm_application_security_group" "web" {
  name                = "web"
  location            = azurerm_resource_group.this.location
  resource_group_name = azurerm_resource_group.this.name
}

resource "azurerm_network_security_group" "nic" {
  name                = "nsg-nic"
  location            = azurerm_resource_group.this.location
  resource_group_name = azurerm_resource_group.this.name
  security_rule {
    name                                       = "web"
    priority                                   = 100
    direction                                  = "Inbound"
    access                                     = "Allow"
    protocol                                   = "Tcp"
    source_port_range                          = "*"
    destination_port_range                     = var.port
    source_address_prefix                      = "*"
    destination_application_security_group_ids = [azurerm_application_security_group.web.id]
  }
}

resource "azurerm_network_security_group" "subnet" {
  name                = "nsg-subnet"
  location            = azurerm_resource_group.this.location
  resource_group_name = azurerm_resource_group.this.name
}

resource "azurerm_subnet_network_security_group_association" "a" {
  subnet_id                 = azurerm_subnet.a.id
  network_security_group_id = azurerm_network_security_group.subnet.id
}

resource "azurerm_public_ip" "this" {
  name                = "pip"
  location            = azurerm_resource_group.this.location
  resource_group_name = azurerm_resource_group.this.name
  allocation_method   = "Static"
  sku                 = "Standard"
}

resource "azurerm_network_interface" "one" {
  name                  = "nic-one"
  location              = azurerm_resource_group.this.location
  resource_group_name   = azurerm_resource_group.this.name
  ip_forwarding_enabled = true
  tags                  = { step = var.tag }
  ip_configuration {
    name                          = "first"
    primary                       = true
    subnet_id                     = azurerm_subnet.a.id
    private_ip_address_allocation = "Dynamic"
    public_ip_address_id          = azurerm_public_ip.this.id
  }
  ip_configuration {
    name                          = "second"
    subnet_id                     = azurerm_subnet.a.id
    private_ip_address_allocation = "Static"
    private_ip_address            = "10.20.1.10"
  }
}

resource "azurerm_network_interface_security_group_association" "one" {
  network_interface_id      = azurerm_network_interface.one.id
  network_security_group_id = azurerm_network_security_group.nic.id
}

resource "azurerm_network_interface_application_security_group_association" "one" {
  network_interface_id          = azurerm_network_interface.one.id
  application_security_group_id = azurerm_application_security_group.web.id
  depends_on                    = [azurerm_network_interface_security_group_association.one]
}

resource "azurerm_linux_virtual_machine" "one" {
  name                  = "vm-one"
  location              = azurerm_resource_group.this.location
  resource_group_name   = azurerm_resource_group.this.name
  size                  = "Standard_B1s"
  admin_username        = "azureuser"
  network_interface_ids = [azurerm_network_interface.one.id]
  user_data             = base64encode("hello")
  custom_data           = base64encode("#cloud-config")
  tags                  = { step = var.tag }
  admin_ssh_key {
    username   = "azureuser"
    public_key = local.public_key
  }
  os_disk {
    caching              = "ReadWrite"
    storage_account_type = "Standard_LRS"
  }
  source_image_reference {
    publisher = "Canonical"
    offer     = "0001-com-ubuntu-server-jammy"
    sku       = "22_04-lts"
    version   = "latest"
  }
}

resource "azurerm_network_interface" "two" {
  name                = "nic-two"
  location            = azurerm_resource_group.this.location
  resource_group_name = azurerm_resource_group.this.name
  ip_configuration {
    name                          = "first"
    subnet_id                     = azurerm_subnet.b.id
    private_ip_address_allocation = "Dynamic"
  }
}

resource "azurerm_linux_virtual_machine" "two" {
  name                            = "vm-two"
  location                        = azurerm_resource_group.this.location
  resource_group_name             = azurerm_resource_group.this.name
  size                            = "Standard_B1s"
  admin_username                  = "azureuser"
  admin_password                  = "P@ssw0rd1234!"
  disable_password_authentication = false
  network_interface_ids           = [azurerm_network_interface.two.id]
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

output "first" {
  value = azurerm_linux_virtual_machine.one.id
}

output "second" {
  value = azurerm_linux_virtual_machine.two.id
}

output "second_address" {
  value = azurerm_linux_virtual_machine.two.private_ip_address
}

output "addresses" {
  value = azurerm_linux_virtual_machine.one.private_ip_addresses
}
