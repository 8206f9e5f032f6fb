"""What a user does, one module for each thing; joins imaging, inference, reports and store."""
