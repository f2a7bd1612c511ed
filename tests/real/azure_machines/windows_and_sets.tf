resource "azurerm_network_interface" "win" {
  name                = "nic-win"
  location            = azurerm_resource_group.this.location
  resource_group_name = azurerm_resource_group.this.name
  ip_configuration {
    name                          = "first"
    subnet_id                     = azurerm_subnet.b.id
    private_ip_address_allocation = "Dynamic"
  }
}

resource "azurerm_availability_set" "this" {
  name                = "aset"
  location            = azurerm_resource_group.this.location
  resource_group_name = azurerm_resource_group.this.name
}

resource "azurerm_windows_virtual_machine" "win" {
  name                  = "vm-win"
  location              = azurerm_resource_group.this.location
  resource_group_name   = azurerm_resource_group.this.name
  size                  = "Standard_F2"
  admin_username        = "adminuser"
  admin_password        = "P@$$w0rd1234!"
  availability_set_id   = azurerm_availability_set.this.id
  network_interface_ids = [azurerm_network_interface.win.id]
  os_disk {
    caching              = "ReadWrite"
    storage_account_type = "Standard_LRS"
  }
  source_image_reference {
    publisher = "MicrosoftWindowsServer"
    offer     = "WindowsServer"
    sku       = "2022-datacenter"
    version   = "latest"
  }
}

resource "azurerm_ssh_public_key" "this" {
  name                = "key"
  location            = azurerm_resource_group.this.location
  resource_group_name = azurerm_resource_group.this.name
  public_key          = local.public_key
}

resource "azurerm_linux_virtual_machine_scale_set" "this" {
  name                = "set"
  location            = azurerm_resource_group.this.location
  resource_group_name = azurerm_resource_group.this.name
  sku                 = "Standard_B1s"
  instances           = 2
  admin_username      = "azureuser"
  tags                = { step = var.tag }
  admin_ssh_key {
    username   = "azureuser"
    public_key = azurerm_ssh_public_key.this.public_key
  }
  source_image_reference {
    publisher = "Canonical"
    offer     = "0001-com-ubuntu-server-jammy"
    sku       = "22_04-lts"
    version   = "latest"
  }
  os_disk {
    caching              = "ReadWrite"
    storage_account_type = "Standard_LRS"
  }
  network_interface {
    name    = "nic"
    primary = true
    ip_configuration {
      name                           = "internal"
      primary                        = true
      subnet_id                      = azurerm_subnet.b.id
      application_security_group_ids = [azurerm_application_security_group.web.id]
    }
  }
}

resource "azurerm_managed_disk" "data" {
  name                 = "data"
  location             = azurerm_resource_group.this.location
  resource_group_name  = azurerm_resource_group.this.name
  storage_account_type = "Standard_LRS"
  create_option        = "Empty"
  disk_size_gb         = 8
}

resource "azurerm_virtual_machine_data_disk_attachment" "data" {
  managed_disk_id    = azurerm_managed_disk.data.id
  virtual_machine_id = azurerm_linux_virtual_machine.two.id
  lun                = 0
  caching            = "None"
}

data "azurerm_platform_image" "ubuntu" {
  location  = azurerm_resource_group.this.location
  publisher = "Canonical"
  offer     = "0001-com-ubuntu-server-jammy"
  sku       = "22_04-lts"
}

data "azurerm_virtual_machine" "two" {
  name                = azurerm_linux_virtual_machine.two.name
  resource_group_name = azurerm_resource_group.this.name
}

output "power" {
  value = data.azurerm_virtual_machine.two.power_state
}
