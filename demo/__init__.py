"""What a demonstration needs that the product does not."""
