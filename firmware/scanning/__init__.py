"""What `scan` finds on a Modbus line, and what it takes it for."""
