"""What any service needs, without a business word."""
